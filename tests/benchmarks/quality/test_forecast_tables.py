import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from benchmarks.quality import (
    forecast_calibration,
    forecast_classical,
    forecast_m4,
    forecast_measured,
    forecast_odd,
)
from benchmarks.quality.figures import Bound, Run
from benchmarks.quality.forecast_calibration import LEVELS
from benchmarks.quality.forecast_classes import OddSeries
from benchmarks.quality.forecast_measured import Measured, accuracy, failures, times
from benchmarks.quality.forecast_published import PUBLISHED
from benchmarks.quality.forecast_zero_shot import FOLDER, Answered, table_of
from training.forecast.metrics import Case, Score


def test_published_systems_stand_beside_the_service_and_the_mean_is_judged() -> None:
    scores = {task: figures["TiRex 35M"] for task, figures in PUBLISHED.items()}

    table = table_of(scores, "mase", Bound(most=0.79))

    *tasks, mean = table.rows
    assert [row.figure for row in tasks] == list(PUBLISHED)
    assert all(row.here == row.beside["TiRex 35M"] and row.asked is None for row in tasks)
    assert mean.here == pytest.approx(0.792, abs=0.0006) == mean.beside["TiRex 35M"]
    assert mean.holds() is False


def measured(own: float, here: float) -> Measured:
    return Measured(Score(own, 1), Score(here, 1), Score(4, 2), cpu_s=3.0, failed=2, n_series=6)


def test_methods_are_set_beside_the_service_on_the_same_series() -> None:
    found = {"ETS": {"a": measured(2, 1), "b": measured(2, 4)}}

    *tasks, mean = accuracy("mase", found).rows

    assert [(row.here, row.beside["ETS"]) for row in tasks] == [(1, 2), (4, 2)]
    assert tasks[0].figure == "a (6 series)"
    assert mean.here == pytest.approx(0.5)  # 1/4 and 4/4
    assert mean.beside == {"ETS": pytest.approx(0.5), "seasonal naive": 1.0}


@pytest.mark.parametrize(("quick", "expected"), [(False, 40), (True, 15)])
def test_every_method_gets_every_series_unless_a_quick_run_is_asked_for(
    quick: bool, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [Case(f"s{i}", np.arange(9.0) + i, np.full(2, 9.0 + i), 1) for i in range(40)]
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "task.jsonl.gz").write_bytes(b"any")
    run = Run(httpx.Client(), tmp_path, tmp_path / "out", quick)
    services = {"task": Answered(cases, [np.zeros((2, 9))] * 40, 0.0, None)}
    monkeypatch.setattr(forecast_classical, "fitted", lambda _, case: np.full((2, 9), case.past[0]))

    for method in forecast_classical.METHODS:
        found = forecast_measured.measured(run, method, services)["task"]

        assert (found.n_series, found.failed) == (expected, 0)
        assert found.own.mase == pytest.approx(9.0)  # the first value for the tenth, steps of one
        assert len(list((tmp_path / "out/classical").glob(f"task-{method}-*"))) == 1


def test_times_are_for_a_thousand_series_whatever_was_measured() -> None:
    case = Case("s", np.zeros(3), np.zeros(1), 1)
    service = Answered([case] * 4, [], wall_s=0.02, cpu_s=0.01)

    row = times({"a": service}, {"ETS": {"a": measured(2, 1)}}).rows[0]

    assert row.here == pytest.approx(2.5)
    assert row.beside == {"ETS": pytest.approx(500), "here, wall clock": pytest.approx(5)}


def test_failures_of_methods_and_of_the_service_are_counted() -> None:
    case = Case("s", np.zeros(3), np.zeros(1), 1)
    service = Answered([case] * 2, [np.zeros((1, 9)), np.full((1, 9), np.nan)], 0.0, None)

    row = failures({"a": service}, {"ETS": {"a": measured(2, 1)}}).rows[0]

    assert (row.here, row.beside) == (1.0, {"ETS": 2.0})


def test_coverage_counts_every_known_truth_once() -> None:
    future = np.array([0.1, 0.5, 0.95, np.nan])
    case = Case("s", np.zeros(3), future, 1)
    answer = np.tile(np.array(LEVELS), (4, 1))

    table = forecast_calibration.table_of("x", {"a": ([case], [answer])})

    assert [row.figure for row in table.rows] == ["a", "all six tasks"]
    assert table.rows[0].here == pytest.approx(2 / 3)  # 0.95 is outside, a missing truth nowhere
    assert table.rows[0].beside["95 % interval"] == 1.0
    below = forecast_calibration.shares_below([case], [answer])
    assert below[LEVELS.index(0.4)] == pytest.approx(1 / 3)
    assert table.plot is not None


def test_what_is_held_back_is_the_end_of_what_is_known() -> None:
    held = forecast_calibration.held_back(Case("s", np.arange(6.0), np.full(4, 99.0), 1))

    assert held.past.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(held.future, [4, 5, np.nan, np.nan])


def test_every_odd_step_is_counted_once() -> None:
    series = [OddSeries(np.array([1.0, 3.0]), np.array([5.0, 5.0]), 1)]
    answer = np.tile(np.linspace(1, 9, len(forecast_odd.LEVELS)), (2, 1))
    sound = forecast_odd.verdict(series, [answer])
    answer[0, 2], answer[1, 1] = np.nan, -1.0

    found = forecast_odd.verdict(series, [answer])

    assert (sound.ratio, sound.not_finite, sound.crossed) == (0.0, 0, 0)
    assert (found.not_finite, found.crossed, found.n_series) == (1, 1, 1)


def test_series_of_unlike_horizons_are_asked_apart_and_answered_in_order() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        return httpx.Response(200, json=continued(body, by=0.0))

    series = [OddSeries(np.full(3, float(i)), np.zeros(1 + i % 2), 1) for i in range(5)]
    with httpx.Client(transport=httpx.MockTransport(service), base_url="http://x") as client:
        answers = forecast_odd.answers_to(Run(client, Path(), Path()), series)

    assert [answer[0, 0] for answer in answers] == [0, 1, 2, 3, 4]
    assert [len(answer) for answer in answers] == [1, 2, 1, 2, 1]


def continued(body: dict[str, Any], by: float) -> dict[str, Any]:
    """The last value again, more by so much, as the service would word it."""
    return {
        "forecasts": [
            {"quantiles": {repr(q): [row[-1] + by] * body["horizon"] for q in body["quantiles"]}}
            for row in body["series"]
        ]
    }


def test_the_season_of_m4_is_chosen_without_the_test_part(tmp_path: Path) -> None:
    folder = tmp_path / "series"
    folder.mkdir()
    for task in forecast_m4.SEASONS:
        line = {"id": "a", "season_length": 1, "train": [1, 3] * 40 + [5, 5], "test": [8, 8]}
        (folder / f"{task}.jsonl.gz").write_text(json.dumps(line))

    def service(request: httpx.Request) -> httpx.Response:
        """Right in the training part with season 52 or 168, in the test part with others."""
        body = json.loads(request.content)
        season, held = body["season_length"], len(body["series"][0]) == 80
        by = 2.0 if held == (season in (52, 168)) else 3.0
        return httpx.Response(200, json=continued(body, by))

    with httpx.Client(transport=httpx.MockTransport(service), base_url="http://x") as client:
        tested, chosen = forecast_m4.tables(Run(client, tmp_path, tmp_path))

    assert "168 for m4_hourly, 52 for m4_weekly" in tested.note
    figures = {row.figure: row for row in tested.rows}
    scale = 162 / 81  # mean step of the training part
    assert figures["m4_weekly MASE"].here == pytest.approx(0.0 / scale, abs=1e-9)
    assert figures["m4_weekly MASE"].beside["FFORMA, published"] == 2.108
    assert [row.here for row in chosen.rows if "season 52" in row.figure] == [0.0]
