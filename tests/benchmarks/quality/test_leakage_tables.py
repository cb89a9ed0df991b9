from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from benchmarks.quality import leakage_tables
from benchmarks.quality.figures import Run
from benchmarks.quality.forecast_zero_shot import Answered
from benchmarks.quality.leakage import Leak
from benchmarks.quality.leakage_tables import (
    Found,
    left_out_now,
    served_left_out,
    table_of,
    trained_on,
    without,
)
from training.forecast.metrics import Case
from training.forecast.sources import PUBLIC_SOURCES

LEAK = Leak("m1_yearly/Y1", "pool/tsdl-1", 0, 24, 3, 12)


def test_a_leak_is_counted_named_and_missed() -> None:
    table = table_of(["m1_yearly/Y1", "m1_yearly/Y2", "m3_yearly/N1"], Found([LEAK, LEAK], []))

    first, second, *_ = table.rows
    assert (first.here, first.beside["a training now would read"]) == (1, 0)
    assert first.beside["looked for"] == 2
    assert (first.holds(), second.holds()) == (False, True)
    assert "m1_yearly/Y1 is in pool/tsdl-1 (3 windows of 24 steps, means over 12)" in table.note


def test_what_the_served_export_left_out_stands_in_its_manifest() -> None:
    source = next(source for source in PUBLIC_SOURCES if source.left_out)

    def service(request: httpx.Request) -> httpx.Response:
        data = [{"name": source.path.name, "role": source.role()}, {"name": "b", "role": "test"}]
        answers: dict[str, dict[str, Any]] = {
            "/models/forecaster": {"version": "7"},
            "/models/forecaster/versions/7": {"manifest": {"data": data}},
        }
        return httpx.Response(200, json=answers[request.url.path])

    with httpx.Client(transport=httpx.MockTransport(service), base_url="http://x") as client:
        found = served_left_out(Run(client, Path(), Path()))

    assert found == {f"pool/{name}" for name in source.left_out}
    assert found < left_out_now()
    assert trained_on([LEAK], {"pool/tsdl-1"}) == []
    assert trained_on([LEAK], found) == [LEAK]


def test_figures_without_the_series_found_are_judged_beside_those_with_them() -> None:
    cases = [Case(name, np.arange(5.0), np.array([6.0]), 1) for name in ("Y1", "Y2")]
    answers = [np.full((1, 9), 6.0), np.full((1, 9), 5.0)]  # the naive says 4
    task = Answered(cases, answers, 0.0, None)

    mase, _ = without({"m1_yearly": task}, {"m1_yearly/Y1"}).rows

    assert mase.here == pytest.approx(0.5)
    assert mase.beside == {"with them": pytest.approx(0.25)}
    assert mase.holds()


def test_leaks_are_looked_for_again_only_when_the_data_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[int] = []

    def search(judged: object, training: object) -> list[Leak]:
        searches.append(1)
        return [LEAK]

    monkeypatch.setattr(leakage_tables, "leaks", search)
    monkeypatch.setattr(leakage_tables, "judged_series", lambda _: [])
    monkeypatch.setattr(leakage_tables, "training_series", lambda *_, **__: [])
    (tmp_path / "a.gz").write_bytes(b"1")

    twice = [leakage_tables.kept_leaks(tmp_path, tmp_path / "out") for _ in range(2)]
    (tmp_path / "a.gz").write_bytes(b"2")
    leakage_tables.kept_leaks(tmp_path, tmp_path / "out")

    assert twice == [[LEAK], [LEAK]]
    assert len(searches) == 2
