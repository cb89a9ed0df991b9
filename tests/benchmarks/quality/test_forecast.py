import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from benchmarks.quality.forecast import ask, cases_of, check_naive, relative, table_of
from benchmarks.quality.forecast_published import NAIVE, PUBLISHED
from models.forecast_metrics import WQL_LEVELS
from training.errors import DataError
from training.forecast.metrics import Case


def case(n: int) -> Case:
    return Case("a", np.r_[np.arange(n - 1.0), np.nan], np.array([5.0, 6.0]), 4)


def test_each_case_gets_its_own_quantiles_over_several_requests() -> None:
    bodies: list[dict[str, Any]] = []

    def service(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        bodies.append(body)
        forecasts = [
            {"quantiles": {repr(level): [len(row) + level] * 2 for level in WQL_LEVELS}}
            for row in body["series"]
        ]
        return httpx.Response(200, json={"forecasts": forecasts})

    cases = [case(3 + i) for i in range(70)]
    with httpx.Client(transport=httpx.MockTransport(service), base_url="http://x") as client:
        answers = ask(client, cases, "m")

    assert [len(body["series"]) for body in bodies] == [64, 6]
    assert bodies[0]["series"][0] == [0.0, 1.0, None]
    assert (bodies[0]["season_length"], bodies[0]["horizon"]) == (4, 2)
    np.testing.assert_allclose(answers[69], [72 + np.array(WQL_LEVELS)] * 2)


def test_another_seasonal_naive_than_the_published_one_stops_the_benchmark() -> None:
    with pytest.raises(DataError, match="m1_yearly: seasonal naive is"):
        check_naive({"m1_yearly": [case(9)]})


def test_a_series_without_its_test_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "a", "train": [1, 2]}'))

    with pytest.raises(DataError, match="no test part"):
        cases_of(path)


@pytest.mark.parametrize(
    ("system", "mase", "wql"),
    [("AutoTheta", 0.788, 0.683), ("TiRex 35M", 0.792, 0.671), (NAIVE, 1.0, 1.0)],
)
def test_published_figures_have_their_published_means(system: str, mase: float, wql: float) -> None:
    mean = relative({task: figures[system] for task, figures in PUBLISHED.items()})

    assert mean.mase == pytest.approx(mase, abs=0.0006)
    assert mean.wql == pytest.approx(wql, abs=0.0006)


def test_the_table_has_a_row_for_each_task_and_one_for_the_mean() -> None:
    scores = {task: figures["AutoETS"] for task, figures in PUBLISHED.items()}

    table = table_of(scores, "wql")

    assert table.row_count == len(PUBLISHED) + 1
    assert len(table.columns) == 7
