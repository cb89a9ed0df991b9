"""How many threads a forward pass may use, within what the container grants.

One, unless a setting says otherwise: passes of these small models take a millisecond, more threads
did not make them faster, and on a busy machine every pass waits for its slowest thread (measured:
0.3 ms with one thread, up to 600 ms with two). Other processors serve other models and workers.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class ThreadPlan:
    """The threads of a process; ``intra_op`` inside one forward pass.

    ``processors`` is the smaller of the CPU affinity and the cgroup quota, rounded down.
    """

    processors: int
    workers: int
    intra_op: int
    inter_op: int = 1

    @property
    def oversubscribed(self) -> bool:
        """Whether all workers together may want more threads than there are processors."""
        return self.workers * self.intra_op > self.processors


def plan_threads(workers: int, intra_op: int, cgroup_root: Path = CGROUP_ROOT) -> ThreadPlan:
    """The plan for ``workers`` processes of ``intra_op`` threads a pass."""
    return ThreadPlan(available_processors(cgroup_root), workers, intra_op)


def available_processors(cgroup_root: Path = CGROUP_ROOT) -> int:
    """Processors that this process may keep busy, at least one."""
    affinity = len(os.sched_getaffinity(0))
    quota = cgroup_quota(cgroup_root)
    return affinity if quota is None else max(1, min(affinity, math.floor(quota)))


def cgroup_quota(root: Path = CGROUP_ROOT, membership: Path = MEMBERSHIP) -> float | None:
    """Processors granted by the control groups, version 2 or 1; None without a limit.

    In a container its own group is the root; under systemd it is further down, and every group
    above it may set a limit as well.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max)
    """
    own = root / _group_of_this_process(membership)
    folders = [own, *own.parents][: len(own.parts) - len(root.parts) + 1]
    quotas = [_quota_of_version_2(folder) for folder in folders]
    quotas.append(_quota_of_version_1(root / "cpu"))
    return min((quota for quota in quotas if quota is not None), default=None)


def _group_of_this_process(membership: Path) -> str:
    """The path below the root, empty if unknown: the line ``0::/path`` of version 2."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return ""
    return next((line[3:].strip("/") for line in lines if line.startswith("0::/")), "")


def _quota_of_version_2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_of_version_1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None
