import numpy as np
import numpy.typing as npt
import pytest
import torch

from models.forecast_backtest import CHECKS, Backtest
from models.forecast_smoothing import (
    DISCOUNTS,
    FIRST_LINE,
    METHODS,
    N_DISCOUNTS,
    N_FLAT,
    N_ORIGINS,
    Smooth,
    Smoother,
    reach_of,
)

T, N = 64, 37  # steps of the window, steps of the series in it
RNG = np.random.default_rng(5)
SERIES = RNG.normal(size=N).cumsum()


def smooth() -> Smooth:
    series = torch.zeros(1, 1, T)
    series[0, 0, T - N :] = torch.from_numpy(SERIES)
    found: Smooth = Smoother(T)(series, torch.tensor([N]))
    return found


def fitted_line(values: npt.NDArray[np.float64], discount: float) -> tuple[float, float]:
    weight = discount ** np.arange(len(values))[::-1]
    slope, start = np.polyfit(np.arange(len(values)), values, 1, w=np.sqrt(weight))
    return start + slope * (len(values) - 1), slope


@pytest.mark.parametrize("back", [0, 1, 20], ids=["end", "one before", "twenty before"])
@pytest.mark.parametrize("discount", range(N_DISCOUNTS), ids=str)
def test_averages_are_exponentially_weighted_means(discount: int, back: int) -> None:
    seen = SERIES[: N - back]
    weight = DISCOUNTS[discount] ** np.arange(len(seen))[::-1]

    level = smooth().level[discount, N_ORIGINS - 1 - back, 0, 0]

    assert float(level) == pytest.approx((weight * seen).sum() / weight.sum(), abs=1e-4)


@pytest.mark.parametrize("back", [0, 9], ids=["end", "nine before"])
def test_lines_are_weighted_least_squares(back: int) -> None:
    found = smooth()
    lines = [k for k, m in enumerate(METHODS) if m[0] >= N_DISCOUNTS and m[3] == 1.0]
    for k in lines:
        discount = DISCOUNTS[METHODS[k][0] - N_DISCOUNTS + FIRST_LINE]
        level, slope = fitted_line(SERIES[: N - back], discount)
        assert float(found.level[k, -1 - back, 0, 0]) == pytest.approx(level, abs=2e-3)
        assert float(found.slope[k - N_FLAT, -1 - back, 0, 0]) == pytest.approx(slope, abs=2e-3)


def test_the_reach_of_a_damped_slope_is_a_geometric_sum() -> None:
    reach = reach_of(torch.tensor([1, 3]))

    damped = next(k for k, m in enumerate(METHODS) if m[3] == 0.88)
    assert reach[0].tolist() == [1.0, 3.0]
    assert reach[damped].tolist() == pytest.approx([0.88, 0.88 + 0.88**2 + 0.88**3])


def test_the_backtest_measures_what_each_method_would_have_missed() -> None:
    found = smooth()
    series = torch.zeros(1, 1, T)
    series[0, 0, T - N :] = torch.from_numpy(SERIES)
    observed = torch.ones(1, T, dtype=torch.bool)

    trial = Backtest()(found, series, observed, torch.tensor([N]))

    ahead = 4
    errors = SERIES[2 + ahead :] - SERIES[2:-ahead]  # the naive method, after three steps
    check = CHECKS.index(ahead)
    assert float(trial.n_tried[check, 0]) == len(errors)
    assert float(trial.size[check, 0, 0, 0]) == pytest.approx(np.abs(errors).mean(), abs=1e-4)
    assert float(trial.bias[check, 0, 0, 0]) == pytest.approx(errors.mean(), abs=1e-4)


def test_what_was_not_observed_is_not_tried() -> None:
    observed = torch.ones(1, T, dtype=torch.bool)
    observed[0, -10:] = False

    trial = Backtest()(smooth(), torch.zeros(1, 1, T), observed, torch.tensor([N]))

    assert trial.n_tried[:, 0].tolist() == [N - 3 - 10 + (1 - ahead) for ahead in CHECKS]
