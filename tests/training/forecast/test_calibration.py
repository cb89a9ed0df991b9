import numpy as np
import pytest
import torch

from models.forecaster import QUANTILE_LEVELS, Forecaster
from training.forecast.calibration import (
    Answered,
    best_width,
    calibrate,
    coverage_with,
    season_class,
)
from training.forecast.metrics import Case
from training.forecast.sources import ForecastData
from training.forecast.windows import WindowBank

STEPS, MEDIAN = 400, QUANTILE_LEVELS.index(0.5)


def network() -> Forecaster:
    torch.manual_seed(1)
    return Forecaster(hidden_size=4, width=6, horizon=8, context_length=48).eval()


def answered(spread: float, season_length: int = 1) -> Answered:
    """Truth spread evenly over -1..1, and quantiles as if it were over -spread..spread."""
    truth = np.linspace(-1, 1, STEPS)
    quantiles = np.tile((2 * np.array(QUANTILE_LEVELS) - 1) * spread, (STEPS, 1))
    return Case("even", np.zeros(3), truth, season_length), quantiles


@pytest.mark.parametrize("spread", [0.9, 1.15], ids=["narrow", "wide"])
def test_the_width_makes_good_what_the_spread_lacks(spread: float) -> None:
    group = [answered(spread)]

    width = best_width([group])

    assert width == pytest.approx(1 / spread, abs=0.011)
    assert coverage_with([group], width) == pytest.approx(0.8, abs=0.011)


def test_what_is_close_enough_is_left_alone() -> None:
    assert best_width([[answered(1.005)]]) == 1.0


def test_missing_truth_does_not_count() -> None:
    case, quantiles = answered(1.0)
    case.future[::2] = np.nan

    assert coverage_with([[(case, quantiles)]], 1.0) == pytest.approx(0.8, abs=0.01)


def test_the_class_of_a_season_is_that_of_the_network() -> None:
    lengths = [0, 1, 2, 12, 13, 60, 61, 366]

    edges = network().spread.season_edges

    assert [season_class(length) for length in lengths] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert torch.bucketize(torch.tensor(lengths), edges).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def noise(n_cases: int, season_length: int) -> list[Case]:
    draws = np.random.default_rng(season_length).normal(size=(n_cases, 48))
    return [Case(str(i), row[:40], row[40:], season_length) for i, row in enumerate(draws)]


def test_series_never_trained_on_decide_and_classes_without_cases_keep_their_width() -> None:
    net = network()
    data = ForecastData(
        WindowBank([], []), {"own": noise(80, 24) + noise(80, 1)}, {"new": noise(80, 1)}, {}, ()
    )
    calibrate(net, data)

    width = net.spread.width.tolist()
    calibrate(net, data)

    assert net.spread.width.tolist() == width  # it starts from one again
    assert width[1] == 1.0
    assert width[0] != 1.0
    assert width[2] != 1.0


def test_a_width_moves_the_quantiles_away_from_a_median_that_stays() -> None:
    net = network()
    # Of both signs: what was never negative is not forecast to be.
    values, season = torch.randn(1, 40), torch.tensor([1])
    with torch.inference_mode():
        before = net(values, season)[1]
        net.spread.width[0] = 1.5
        after = net(values, season)[1]

    middle = before[..., MEDIAN : MEDIAN + 1]
    torch.testing.assert_close(after - middle, 1.5 * (before - middle), rtol=1e-4, atol=1e-4)
