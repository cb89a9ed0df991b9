"""Forecasts of the held-out part, checked with a network whose answers are known."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.step_forecaster import StepForecaster
from models.step_networks import WindowNetwork
from models.step_views import LevelView
from training.next_value.evaluation import forecasts, judge, measured_spread
from training.next_value.series import OneSeries


class LastPlusOne(nn.Module):
    """Predicts that a series rises by one."""

    def forward(self, windows: Tensor) -> Tensor:
        return windows[:, -1] + 1


def rising(horizon: int = 6) -> StepForecaster:
    network = WindowNetwork(LastPlusOne(), 2)
    return StepForecaster([network], LevelView(0.0, 1.0), horizon=horizon, context_length=50)


def series(values: np.ndarray, season_length: int = 1) -> OneSeries:
    return OneSeries("ramp", "steps", values, 12, season_length)


def test_one_step_knows_the_past_and_the_origin_does_not() -> None:
    values = np.r_[np.arange(12.0), 20.0, 30.0, 40.0]
    test = judge(rising(), series(values))
    assert test.one_step.tolist() == [12, 21, 31]
    assert test.from_origin.tolist() == [12, 13, 14]
    assert test.figures()["test_mse"] == pytest.approx((64 + 81 + 81) / 3)
    assert test.figures()["from_origin_mse"] == pytest.approx((64 + 17**2 + 26**2) / 3)


def test_the_seasonal_naive_is_asked_in_the_same_two_ways() -> None:
    values = np.arange(20.0)
    test = judge(rising(), series(values, season_length=3))
    assert test.naive_one_step.tolist() == list(range(9, 17))
    assert test.naive_from_origin.tolist() == [9, 10, 11, 9, 10, 11]
    figures = test.figures()
    assert (figures["test_mse"], figures["naive_mse"], figures["relative_rmse"]) == (0, 9, 0)


def test_an_interval_holds_what_lies_in_it() -> None:
    graph = rising()
    graph.spread.fill_(1.0)
    values = np.r_[np.arange(12.0), 13.0, 13.9, 90.0, 91.0]
    assert judge(graph, series(values)).figures()["coverage_80"] == 0.75


def test_the_spread_grows_as_the_measured_errors_do() -> None:
    noise = np.random.default_rng(0).normal(size=4000).cumsum()  # errors grow as the square root
    values = noise + np.arange(4000.0)
    spread = measured_spread(rising(30), values, 1000).numpy()
    np.testing.assert_allclose(spread, np.arange(1, 31) ** 0.5, rtol=0.12)


def test_a_spread_never_shrinks_with_the_distance() -> None:
    values = np.arange(60.0) + np.random.default_rng(0).normal(size=60)
    assert (measured_spread(rising(), values, 40).diff() >= 0).all()


def test_a_short_past_is_padded_and_a_long_one_cut() -> None:
    mean, _ = forecasts(rising(), np.arange(80.0), np.array([3, 70]))
    assert mean[:, 0].tolist() == [3, 70]
    assert isinstance(torch.tensor(mean), Tensor)
