"""What the control groups grant this process: processors and memory, versions 2 and 1.

In a container its own group is the root; under systemd it is further down, and every group above
it may set a limit as well.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max, memory.max)
"""

from collections.abc import Iterator
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
# Version 1 says "no limit" with the largest number of pages that fits into 63 bits.
NO_LIMIT_BYTES = 2**60


def cgroup_quota(root: Path = CGROUP_ROOT, membership: Path = MEMBERSHIP) -> float | None:
    """Processors granted, None without a limit."""
    quotas = [_quota_of_version_2(folder) for folder in _folders(root, "", membership)]
    quotas += [_quota_of_version_1(folder) for folder in _folders(root, "cpu", membership)]
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_memory(root: Path = CGROUP_ROOT, membership: Path = MEMBERSHIP) -> int | None:
    """Bytes of memory granted, None without a limit."""
    files = [folder / "memory.max" for folder in _folders(root, "", membership)]
    files += [folder / "memory.limit_in_bytes" for folder in _folders(root, "memory", membership)]
    limits = [limit for file in files if (limit := _number(file)) is not None]
    return min((limit for limit in limits if limit < NO_LIMIT_BYTES), default=None)


def _folders(root: Path, controller: str, membership: Path) -> Iterator[Path]:
    """The group of this process and all above it; ``controller`` is empty for version 2."""
    top = root / controller
    yield top
    folder = top
    for name in _group_of_this_process(membership, controller).split("/"):
        folder = folder / name
        if folder != top:
            yield folder


def _group_of_this_process(membership: Path, controller: str) -> str:
    """The path below the root, empty if unknown: from the lines ``number:controllers:/path``."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return ""
    parts = [line.split(":", 2) for line in lines]
    return next((path.strip("/") for _, names, path in parts if controller in names.split(",")), "")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _quota_of_version_2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_of_version_1(folder: Path) -> float | None:
    quota = _number(folder / "cpu.cfs_quota_us")
    period = _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 else None
