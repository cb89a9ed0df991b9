"""What the load benchmark promises is judged from the figures, and can fail."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.load.misbehaviour import recovery_s
from benchmarks.load.open_loop import NEVER_SENT, Record
from benchmarks.load.overload import summary, typical
from benchmarks.load.poison import write_fragile
from benchmarks.load.report import markdown, plot, show
from benchmarks.load.requirements import checks
from service.repository import Repository


def row(factor: float, goodput: float, p99_ms: float = 90, refused_ms: float = 1.0) -> Any:
    record = Record(1.0)
    for _ in range(round(goodput)):
        record.add(0.0, p99_ms / 1e3, 200)
    record.add(0.0, refused_ms / 1e3, 503)
    facts = {"factor": factor, "offered_per_s": 100 * factor, "memory_mb": 500}
    facts |= {"service_processors": 1.5, "generator_processors": 0.25}
    return facts | summary(record, 0.1)


def results(over: Any) -> dict[str, Any]:
    rows = [row(0.5, 50), row(1.0, 100), over]
    return {
        "deadline_ms": 100,
        "ladders": {"classify": {"capacity_per_s": 100.0, "rows": rows}},
        "obeying": {"answered_share": 0.995},
        "storm": {"recovery_s": 0.4},
        "poison": {"good": {200: 50}, "poisoned": {500: 3}},
        "dripping": {"told_408": 5, "clients": 5, "errors": 0},
        "idle": {"clients": 1000, "errors": 0},
        "soak": {
            "growth_share": 0.01,
            "files_before": 9,
            "files_after": 9,
            "memory_mb": [[0.0, 500.0], [1.0, 505.0]],
        },
    }


def test_good_figures_hold() -> None:
    assert [check for check in checks(results(row(3.0, 95))) if not check.holds] == []


@pytest.mark.parametrize(
    ("over", "broken"),
    [
        (row(3.0, 80), "goodput at least 90 %"),
        (row(3.0, 95, p99_ms=101), "within 100 ms"),
        (row(3.0, 95, refused_ms=6), "refused within 5 ms"),
        (row(3.0, 95) | {"memory_mb": 800}, "memory bounded"),
    ],
)
def test_a_broken_promise_of_the_ladder_is_told(over: Any, broken: str) -> None:
    assert any(broken in check.promise for check in checks(results(over)) if not check.holds)


@pytest.mark.parametrize(
    ("part", "figures"),
    [
        ("obeying", {"answered_share": 0.9}),
        ("storm", {"recovery_s": 1.1}),
        ("poison", {"good": {200: 50, 500: 1}}),
        ("poison", {"poisoned": {200: 1}}),
        ("dripping", {"told_408": 4}),
        ("idle", {"errors": 1}),
        ("soak", {"growth_share": 0.031}),
        ("soak", {"files_after": 10}),
    ],
)
def test_a_broken_promise_elsewhere_is_told(part: str, figures: dict[str, Any]) -> None:
    found = results(row(3.0, 95))
    found[part] |= figures

    assert sum(not check.holds for check in checks(found)) == 1


def test_late_answers_are_no_goodput() -> None:
    record = Record(2.0)
    for took_s, status in ((0.05, 200), (0.2, 200), (0.01, 503), (0.1, 504), (0.3, NEVER_SENT)):
        record.add(0.0, took_s, status)
    found = summary(record, 0.1)

    assert found["goodput_per_s"] == 0.5
    assert found["refused_share"] == found["too_late_share"] == found["never_sent_share"] == 0.2
    assert found["refused_p50_ms"] == 10
    assert found["accepted_p50_ms"] == 125


def test_recovery_is_when_latency_is_normal_and_stays_so() -> None:
    since_s = np.arange(-1.0, 3.0, 0.01)
    took_ms = np.where((since_s < 0) | (since_s > 0.65), 2.0, 9.0)
    assert recovery_s(since_s, took_ms, normal_ms=2.0) == 0.7

    assert recovery_s(since_s, np.full_like(since_s, 9.0), normal_ms=2.0) == float("inf")


def test_it_is_shown_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = results(row(3.0, 95))
    show(found, checks(found))
    plot(found, tmp_path / "plot.png")

    assert "only the poisoned request fails" in capsys.readouterr().out
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"


def test_the_tables_of_the_docs_say_what_broke() -> None:
    found = results(row(3.0, 80)) | {"date": "2026-11-21T12:00:00"}
    lines = markdown(found, checks(found)).splitlines()

    assert "**classify**, capacity 100/s" in lines
    assert any(line.startswith("| 3 | 300 | 80 | 90.0 |") for line in lines)
    assert sum(line.endswith("| **no** |") for line in lines) == 1


def test_the_fragile_model_is_an_export_that_can_be_served(tmp_path: Path) -> None:
    write_fragile(tmp_path)
    (export,) = Repository(tmp_path).active_exports()

    assert (export.manifest.name, export.manifest.task) == ("digits", "classify")


def test_of_several_rounds_the_medians_are_told() -> None:
    rounds = [[row(1.0, 50, refused_ms=each)] for each in (1, 7, 3)]
    (found,) = typical(rounds)

    assert (found["factor"], found["refused_p50_ms"]) == (1, 3)
    assert found.keys() == rounds[0][0].keys()


def test_a_figure_that_most_rounds_lack_is_none() -> None:
    figures: list[float | None] = [None, None, 5.0]
    rounds: list[list[dict[str, Any]]] = [[{"refused_p50_ms": each}] for each in figures]

    assert typical(rounds) == [{"refused_p50_ms": None}]
    rounds += [[{"refused_p50_ms": 2.0}]] * 3
    assert typical(rounds) == [{"refused_p50_ms": 2}]
