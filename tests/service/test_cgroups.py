"""What control groups of both versions grant, wherever in the tree the process is."""

from pathlib import Path

import pytest

from service.cgroups import cgroup_memory, cgroup_quota


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    """A process below ``system.slice/seqserve.service`` in both versions."""
    file = tmp_path / "membership"
    path = "/system.slice/seqserve.service"
    file.write_text(f"9:memory:{path}\n3:cpu,cpuacct:{path}\n0::{path}\n")
    return file


def put(root: Path, path: str, content: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return root


@pytest.mark.parametrize(
    ("content", "quota"),
    [("250000 100000\n", 2.5), ("50000 100000\n", 0.5), ("max 100000\n", None), ("?", None)],
)
def test_the_quota_is_read_from_version_2(
    tmp_path: Path, content: str, quota: float | None
) -> None:
    assert cgroup_quota(put(tmp_path, "cpu.max", content)) == quota


def test_the_tightest_quota_above_the_process_counts(tmp_path: Path, membership: Path) -> None:
    put(tmp_path, "system.slice/cpu.max", "150000 100000")
    put(tmp_path, "system.slice/seqserve.service/cpu.max", "400000 100000")

    assert cgroup_quota(tmp_path, membership) == 1.5


@pytest.mark.parametrize(("raw", "quota"), [(300_000, 3.0), (-1, None)])
def test_the_quota_is_read_from_version_1(tmp_path: Path, raw: int, quota: float | None) -> None:
    put(tmp_path, "cpu/cpu.cfs_quota_us", str(raw))
    put(tmp_path, "cpu/cpu.cfs_period_us", "100000")

    assert cgroup_quota(tmp_path) == quota


@pytest.mark.parametrize(("content", "limit"), [("2147483648\n", 2**31), ("max\n", None)])
def test_the_memory_limit_is_read_from_version_2(
    tmp_path: Path, content: str, limit: int | None
) -> None:
    assert cgroup_memory(put(tmp_path, "memory.max", content)) == limit


def test_the_tightest_memory_limit_above_the_process_counts(
    tmp_path: Path, membership: Path
) -> None:
    put(tmp_path, "memory/memory.limit_in_bytes", "9223372036854771712")
    assert cgroup_memory(tmp_path, membership) is None

    put(tmp_path, "memory/system.slice/memory.limit_in_bytes", "700000000")
    put(tmp_path, "memory/system.slice/seqserve.service/memory.limit_in_bytes", "900000000")
    assert cgroup_memory(tmp_path, membership) == 700_000_000


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    assert cgroup_quota(missing, missing) is None
    assert cgroup_memory(missing, missing) is None
