"""POST /forecast/backtest, against a network that answers "the last value plus the step"."""

from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.tasks.backtest import windows_of
from service.tasks.backtest_api import BacktestRequest
from tests.service.harness import ServeWith

pytestmark = pytest.mark.anyio

TENS = [float(10 * i) for i in range(12)]


async def ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/forecast/backtest", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def refusal(client: httpx.AsyncClient, **body: Any) -> list[dict[str, str]]:
    response = await client.post("/forecast/backtest", json=body)
    assert response.status_code == 422, response.text
    errors: list[dict[str, str]] = response.json()["errors"]
    return errors


async def test_figures_are_those_worked_out_by_hand(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[TENS], horizon=2, season_length=1, windows=3)

    # The model is 9 and 18 off, the naive 10 and 20; a step of the past is 10.
    found = answer["series"][0]
    assert answer["model"] == {"name": "forecaster", "version": "1"}
    assert found["origins"] == [10, 8, 6]
    assert found["accuracy"]["mase"] == pytest.approx(1.35)
    assert found["naive"]["mase"] == pytest.approx(1.5)
    assert found["skill"] == pytest.approx(0.1)
    assert found["accuracy"]["coverage_80"] == 0
    assert "windows" not in found


async def test_a_perfect_forecast_has_skill_one(client: httpx.AsyncClient) -> None:
    line = list(range(20))
    answer = await ask(client, series=line, horizon=4, season_length=1)

    assert answer["together"]["skill"] == 1
    assert answer["together"]["accuracy"]["mase"] == 0
    assert answer["together"]["accuracy"]["smape"] == 0
    assert answer["together"]["accuracy"]["coverage_80"] == 1
    assert answer["together"]["n_windows"] == 3


async def test_symmetric_error_and_quantile_loss_of_one_step(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[0, 10, 20, 61], horizon=1, windows=1, season_length=1)

    # Truth 61, quantiles 21 + (level - 0.5): every pinball loss is level * (40.5 - level).
    levels = np.arange(1, 10) / 10
    accuracy = answer["series"][0]["accuracy"]
    assert accuracy["smape"] == pytest.approx(200 * 40 / (61 + 21))
    assert accuracy["wql"] == pytest.approx(2 * np.mean(levels * (40.5 - levels)) / 61, rel=5e-3)


async def test_together_is_the_mean_over_all_windows(client: httpx.AsyncClient) -> None:
    line = list(range(12))
    answer = await ask(client, series=[TENS, line], horizon=2, season_length=1, windows=2)

    assert answer["together"]["n_windows"] == 4
    assert answer["together"]["accuracy"]["mase"] == pytest.approx(1.35 / 2)
    assert [each["accuracy"]["mase"] for each in answer["series"]] == [pytest.approx(1.35), 0]


async def test_forecasts_are_answered_when_asked_for(client: httpx.AsyncClient) -> None:
    series = [*TENS[:-1], None]
    answer = await ask(
        client, series=[series], horizon=3, windows=2, step=1, season_length=1, forecasts=True
    )

    latest, before = answer["series"][0]["windows"]
    assert (latest["origin"], before["origin"]) == (9, 8)
    assert latest["truth"] == [90, 100, None]
    assert latest["median"] == [81, 82, 83]
    assert latest["naive"] == [80, 80, 80]
    assert latest["low"] == pytest.approx([80.6, 81.2, 81.8])


async def test_a_constant_series_has_no_scale_and_says_so(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[5] * 20, horizon=2, season_length=1)

    assert answer["series"][0]["accuracy"]["mase"] is None
    assert answer["series"][0]["skill"] is None
    assert answer["series"][0]["accuracy"]["smape"] > 0


async def test_a_short_series_gives_fewer_windows(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[TENS[:8]], horizon=2, windows=9, season_length=1)

    assert answer["series"][0]["origins"] == [6, 4]


async def test_a_series_too_short_for_one_window_is_named(client: httpx.AsyncClient) -> None:
    errors = await refusal(client, series=[TENS, [1, 2, 3, 4]], horizon=2)

    assert [error["location"] for error in errors] == ["series.1"]
    assert "at least 5 values" in errors[0]["message"]


async def test_too_many_windows_are_refused(client: httpx.AsyncClient) -> None:
    errors = await refusal(client, series=[TENS * 10] * 100, horizon=1, windows=60)

    assert "6,000 windows" in errors[0]["message"]


async def test_a_past_that_the_model_cannot_see_is_a_fault_of_its_series(
    client: httpx.AsyncClient,
) -> None:
    gap = [1.0, 2.0, 3.0] + [None] * 70 + [4.0]
    errors = await refusal(client, series=[TENS, gap], horizon=1, windows=1)

    assert [error["location"] for error in errors] == ["series.1"]


async def test_windows_share_passes_with_other_requests(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        await ask(client, series=[TENS] * 5, horizon=2, windows=3)
        metrics = (await client.get("/metrics")).text

    assert 'seqserve_batches_total{model="forecaster"' in metrics


@given(
    n=st.integers(1, 60),
    horizon=st.integers(1, 10),
    windows=st.integers(1, 8),
    step=st.integers(1, 10),
)
def test_every_window_ends_where_its_truth_begins(
    n: int, horizon: int, windows: int, step: int
) -> None:
    series: list[float | None] = [float(i) for i in range(n)]
    request = BacktestRequest.model_validate(
        {"series": [series, list(range(100))], "horizon": horizon, "windows": windows, "step": step}
    )
    if n < horizon + 3:
        with pytest.raises(InvalidInput, match="Too short"):
            windows_of(request)
        return
    found = windows_of(request)
    own = [window for window in found if window.at == 0]
    assert 1 <= len(own) <= windows
    for number, window in enumerate(own):
        assert len(window.past) == n - horizon - number * step >= 3
        assert window.truth.tolist() == series[len(window.past) : len(window.past) + horizon]
