"""How many workers and threads there may be, within what the container grants.

One thread inside a forward pass, unless a setting says otherwise: passes of these small models take
a millisecond, more threads did not make them faster, and on a busy machine every pass waits for its
slowest thread (measured: 0.3 ms with one thread, up to 600 ms with two). Other processors serve
other workers.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.cgroups import CGROUP_ROOT, cgroup_memory, cgroup_quota

MEMORY_OF_MACHINE = Path("/proc/meminfo")
# With the shipped models a worker takes 450 MB when ready; this leaves room for large requests.
WORKER_BYTES = 700 * 10**6
# More must be asked for: each loads every model, and batches get smaller the more there are.
MOST_BY_ITSELF = 8


@dataclass(frozen=True, slots=True)
class ThreadPlan:
    """The worker processes, and the threads of each; ``intra_op`` inside one forward pass.

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


def plan_threads(
    workers: int | Literal["auto"],
    intra_op: int,
    cgroup_root: Path = CGROUP_ROOT,
    machine: Path = MEMORY_OF_MACHINE,
) -> ThreadPlan:
    """The plan for ``workers`` processes of ``intra_op`` threads a pass.

    ``auto`` takes as many as the processors have room for, and the memory.
    """
    processors = available_processors(cgroup_root)
    if workers == "auto":
        by_memory = available_memory(cgroup_root, machine) // WORKER_BYTES
        auto = max(1, min(processors // intra_op, by_memory, MOST_BY_ITSELF))
        return ThreadPlan(processors, auto, intra_op)
    return ThreadPlan(processors, workers, intra_op)


def available_processors(cgroup_root: Path = CGROUP_ROOT) -> int:
    """Processors that this process may keep busy, at least one."""
    affinity = len(os.sched_getaffinity(0))
    quota = cgroup_quota(cgroup_root)
    return affinity if quota is None else max(1, min(affinity, math.floor(quota)))


def available_memory(cgroup_root: Path = CGROUP_ROOT, machine: Path = MEMORY_OF_MACHINE) -> int:
    """Bytes that the control group grants and the machine has free; without either, none known."""
    granted = [cgroup_memory(cgroup_root), _free_of_machine(machine)]
    return min((amount for amount in granted if amount is not None), default=0)


def _free_of_machine(meminfo: Path) -> int | None:
    """``MemAvailable``: free, or taken by caches that can be dropped."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    amounts = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(amounts[0]) * 1024 if amounts else None
