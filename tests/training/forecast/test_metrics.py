from pathlib import Path

import numpy as np
import pytest

from models.forecast_metrics import WQL_LEVELS, pinball, seasonal_error
from training.forecast.baselines import seasonal_naive
from training.forecast.data import read_series
from training.forecast.metrics import Case, geometric_mean, score

BENCHMARK = Path("../shared/data/series/validation")
# Seasonal naive on the official test parts (MASE, WQL), as published with the data.
SEASONAL_NAIVE = {
    "m1_monthly": (1.314, 0.1915),
    "m1_quarterly": (2.078, 0.1495),
    "m1_yearly": (4.894, 0.2093),
    "m3_monthly": (1.146, 0.1485),
    "m3_quarterly": (1.425, 0.1013),
    "m3_yearly": (3.172, 0.1665),
}


def test_seasonal_error_is_the_mean_step_of_one_season_back() -> None:
    past = np.array([1.0, 5.0, 2.0, 9.0, np.nan, 10.0])

    assert seasonal_error(past, 2) == pytest.approx((1 + 4 + 1) / 3)
    assert seasonal_error(past, 1) == pytest.approx((4 + 3 + 7) / 3)
    assert seasonal_error(past[:4], 4) == seasonal_error(past[:4], 1)
    assert seasonal_error(past, 0) == seasonal_error(past, 1)
    assert np.isnan(seasonal_error(past[:1], 1))


def test_pinball_charges_the_side_that_the_level_makes_dear() -> None:
    loss = pinball(np.array([10.0]), np.array([[8.0, 13.0]]), (0.9, 0.9))

    np.testing.assert_allclose(loss, [[1.8, 0.3]])


def test_score_of_points_is_the_relative_error() -> None:
    first = Case("a", np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0]), 1)
    second = Case("b", np.array([2.0, 2.0]), np.array([4.0]), 1)  # no scale: WQL only
    points = [np.full((2, 9), 4.0), np.full((1, 9), 3.0)]

    result = score([first, second], points)

    assert result.mase == pytest.approx(2.0)
    assert result.wql == pytest.approx((1 + 3 + 1) / 16)


def test_quantiles_that_fit_score_better_than_their_median() -> None:
    truth = np.random.default_rng(3).normal(size=400)
    case = Case("noise", np.array([0.0, 1.0]), truth, 1)
    fitting = np.tile(np.quantile(truth, WQL_LEVELS), (400, 1))

    assert score([case], [fitting]).wql < 0.85 * score([case], [fitting[:, 4:5].repeat(9, 1)]).wql


def test_geometric_mean_of_a_ratio_and_its_inverse_is_one() -> None:
    assert geometric_mean([0.25, 4.0]) == pytest.approx(1.0)


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the public benchmark series are not here")
@pytest.mark.parametrize("task", sorted(SEASONAL_NAIVE))
def test_seasonal_naive_reproduces_the_published_figures(task: str) -> None:
    cases = []
    for series in read_series(BENCHMARK / f"{task}.jsonl.gz"):
        assert series.future is not None
        cases.append(Case(series.name, series.values, series.future, series.season_length))

    result = score(cases, [seasonal_naive(c.past, c.season_length, len(c.future)) for c in cases])

    mase, wql = SEASONAL_NAIVE[task]
    assert result.mase == pytest.approx(mase, abs=0.0015)
    assert result.wql == pytest.approx(wql, abs=0.0001)
