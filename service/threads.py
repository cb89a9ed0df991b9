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


def cgroup_quota(root: Path = CGROUP_ROOT) -> float | None:
    """Processors granted by the control group, version 2 or 1; None without a limit.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max)
    """
    try:
        quota, period = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        return _quota_of_version_1(root / "cpu")
    return None if quota == "max" else int(quota) / int(period)


def _quota_of_version_1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None
