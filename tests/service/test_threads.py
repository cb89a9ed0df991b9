"""The thread plan: what the container grants, shared by the workers."""

import os
from pathlib import Path

import pytest

from service.threads import MOST_BY_ITSELF, available_memory, available_processors, plan_threads


@pytest.fixture
def processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose affinity grants 8 processors."""
    monkeypatch.setattr("service.threads.os.sched_getaffinity", lambda _: set(range(8)))


def version_2(root: Path, content: str) -> Path:
    (root / "cpu.max").write_text(content)
    return root


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


GIGABYTE = 10**9


def machine_with(folder: Path, free_bytes: int) -> Path:
    file = folder / "meminfo"
    file.write_text(f"MemTotal: 999999999 kB\nMemAvailable: {free_bytes // 1024} kB\n")
    return file


@pytest.mark.parametrize(
    ("quota", "threads", "free_bytes", "workers"),
    [
        pytest.param("300000 100000", 1, 64 * GIGABYTE, 3, id="one-a-processor"),
        pytest.param("300000 100000", 2, 64 * GIGABYTE, 1, id="threads-divide-processors"),
        pytest.param("100000 100000", 4, 64 * GIGABYTE, 1, id="at-least-one"),
        pytest.param("max 100000", 1, 2 * GIGABYTE, 2, id="memory-bounds"),
        pytest.param("max 100000", 1, GIGABYTE // 10, 1, id="one-however-little-memory"),
    ],
)
def test_auto_takes_what_processors_and_memory_have_room_for(
    tmp_path: Path, processors: None, quota: str, threads: int, free_bytes: int, workers: int
) -> None:
    root = version_2(tmp_path, quota)
    plan = plan_threads("auto", threads, root, machine_with(tmp_path, free_bytes))

    assert plan.workers == workers


def test_auto_stops_at_a_sane_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.threads.os.sched_getaffinity", lambda _: set(range(96)))
    machine = machine_with(tmp_path, 512 * GIGABYTE)

    assert plan_threads("auto", 1, tmp_path, machine).workers == MOST_BY_ITSELF
    assert plan_threads(40, 1, tmp_path, machine).workers == 40


def test_the_smaller_of_granted_and_free_memory_counts(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, 3 * GIGABYTE)
    assert available_memory(tmp_path, machine) == 3 * GIGABYTE // 1024 * 1024

    (tmp_path / "memory.max").write_text(f"{2 * GIGABYTE}\n")
    assert available_memory(tmp_path, machine) == 2 * GIGABYTE

    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path, machine) == 3 * GIGABYTE // 1024 * 1024
    assert available_memory(tmp_path, tmp_path / "missing") == 0
