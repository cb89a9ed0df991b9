"""The thread plan: what the container grants, shared by the workers."""

import os
from pathlib import Path

import pytest

from service.threads import available_processors, cgroup_quota, plan_threads


@pytest.fixture
def processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose affinity grants 8 processors."""
    monkeypatch.setattr("service.threads.os.sched_getaffinity", lambda _: set(range(8)))


def version_2(root: Path, content: str) -> Path:
    (root / "cpu.max").write_text(content)
    return root


def version_1(root: Path, quota: int, period: int) -> Path:
    (root / "cpu").mkdir()
    (root / "cpu" / "cpu.cfs_quota_us").write_text(str(quota))
    (root / "cpu" / "cpu.cfs_period_us").write_text(str(period))
    return root


@pytest.mark.parametrize(
    ("content", "quota"),
    [("250000 100000\n", 2.5), ("50000 100000\n", 0.5), ("max 100000\n", None), ("?", None)],
)
def test_the_quota_is_read_from_version_2(
    tmp_path: Path, content: str, quota: float | None
) -> None:
    assert cgroup_quota(version_2(tmp_path, content)) == quota


def test_the_tightest_quota_above_the_process_counts(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    membership.write_text("0::/system.slice/seqserve.service\n")
    service = tmp_path / "system.slice" / "seqserve.service"
    service.mkdir(parents=True)
    version_2(tmp_path / "system.slice", "150000 100000")
    version_2(service, "400000 100000")

    assert cgroup_quota(tmp_path, membership) == 1.5


@pytest.mark.parametrize(("raw", "quota"), [(300_000, 3.0), (-1, None)])
def test_the_quota_is_read_from_version_1(tmp_path: Path, raw: int, quota: float | None) -> None:
    assert cgroup_quota(version_1(tmp_path, raw, 100_000)) == quota


def test_without_a_control_group_affinity_counts(tmp_path: Path, processors: None) -> None:
    assert available_processors(tmp_path) == 8


@pytest.mark.parametrize(
    ("content", "available"),
    [("350000 100000", 3), ("50000 100000", 1), ("900000 100000", 8), ("max 100000", 8)],
)
def test_the_smaller_of_affinity_and_quota_counts(
    tmp_path: Path, processors: None, content: str, available: int
) -> None:
    assert available_processors(version_2(tmp_path, content)) == available


@pytest.mark.parametrize(
    ("workers", "threads", "oversubscribed"),
    [(1, 8, False), (2, 4, False), (8, 1, False), (9, 1, True), (2, 5, True)],
)
def test_more_threads_than_processors_are_noticed(
    tmp_path: Path, processors: None, workers: int, threads: int, oversubscribed: bool
) -> None:
    plan = plan_threads(workers, threads, tmp_path)

    assert (plan.intra_op, plan.inter_op) == (threads, 1)
    assert plan.oversubscribed == oversubscribed


def test_this_machine_grants_something() -> None:
    assert 1 <= available_processors() <= len(os.sched_getaffinity(0))
