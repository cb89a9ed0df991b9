"""The graph that the service runs: scaling, gaps, short rows, intervals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.forecaster import QUANTILE_LEVELS
from models.step_forecaster import StepForecaster
from models.step_networks import Dense, SeriesNetwork, WindowNetwork
from models.step_views import GrowthView, LevelView

T, Q = 17, 6
NAN = float("nan")
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


def forecaster(kind: str, *, n_members: int = 2) -> StepForecaster:
    torch.manual_seed(3)
    if kind == "window":
        view: LevelView | GrowthView = LevelView(3.0, 2.0)
        made = [WindowNetwork(Dense(4, [5]), 4) for _ in range(n_members)]
        graph = StepForecaster(made, view, horizon=Q, context_length=13)
    else:
        series = [SeriesNetwork("lstm", 5, n_layers=2) for _ in range(n_members)]
        view = GrowthView(0.1, 0.05, season_length=4)
        graph = StepForecaster(series, view, horizon=Q, context_length=13)
    graph.spread.copy_(torch.linspace(0.1, 0.2, Q))
    return graph.eval()


def answers(graph: torch.nn.Module, rows: list[list[float]], season: int = 0) -> list[Tensor]:
    longest = max(map(len, rows))
    values = torch.full((len(rows), longest), NAN)
    for row, numbers in enumerate(rows):
        values[row, longest - len(numbers) :] = torch.tensor(numbers)
    with torch.inference_mode():
        return list(graph(values, torch.full((len(rows),), season)))


ROW = [5.0, 7.0, 6.0, 9.0, 6.5, 8.0, 7.5, 11.0, 8.0, 10.0, 9.0, 13.0]


@pytest.mark.parametrize("kind", ["window", "series"])
def test_scripted_alone_and_in_a_batch_answers_agree(kind: str) -> None:
    graph = forecaster(kind)
    scripted = torch.jit.script(graph)
    rows = [ROW, ROW[:6], [2.0], [0.0] * 9, [-1.0, 4.0, NAN, 2.0, -3.0, 5.0, 1.0]]
    together = answers(scripted, rows)
    assert together[0].shape == (5, Q)
    assert together[1].shape == (5, Q, len(QUANTILE_LEVELS))
    for number, row in enumerate(rows):
        for whole, part in zip(together, answers(graph, [row]), strict=True):
            torch.testing.assert_close(whole[number], part[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["window", "series"])
@given(
    row=st.lists(
        st.one_of(
            st.floats(-1e30, 1e30),
            st.sampled_from([NAN, 0.0, 1e-38, 7.0]),
        ),
        min_size=1,
        max_size=40,
    ),
    season=st.integers(0, 50),
)
def test_any_row_gets_finite_answers_that_rise_with_the_level(
    kind: str, row: list[float], season: int
) -> None:
    mean, quantiles, used = answers(forecaster(kind), [row], season)
    assert torch.isfinite(mean).all()
    assert torch.isfinite(quantiles).all()
    assert (quantiles.diff(dim=2) >= 0).all()
    assert int(used[0]) >= 1


@pytest.mark.parametrize("kind", ["window", "series"])
def test_only_the_newest_steps_are_read(kind: str) -> None:
    graph = forecaster(kind)
    long, newest = answers(graph, [[99.0, 1.0, *ROW, 9.0]]), answers(graph, [[*ROW, 9.0]])
    torch.testing.assert_close(long[1], newest[1])


def test_the_interval_widens_by_the_measured_spread() -> None:
    graph = forecaster("window")
    _, quantiles, _ = answers(graph, [ROW])
    levels = [QUANTILE_LEVELS.index(level) for level in (0.1, 0.9)]
    width = quantiles[0, :, levels[1]] - quantiles[0, :, levels[0]]
    expected = 2 * 1.2815516 * 2.0 * np.linspace(0.1, 0.2, Q)
    np.testing.assert_allclose(width, expected, rtol=1e-4)


def test_members_are_averaged() -> None:
    both = forecaster("window")
    single = [
        StepForecaster([member], both.view, horizon=Q, context_length=13) for member in both.members
    ]
    mean = torch.stack([answers(graph, [ROW])[0] for graph in single]).mean(0)
    torch.testing.assert_close(answers(both, [ROW])[0], mean, atol=1e-5, rtol=1e-5)


def test_a_growing_series_forecast_scales_with_it() -> None:
    graph = forecaster("series")
    one, thousand = answers(graph, [ROW])[0], answers(graph, [[1000 * x for x in ROW]])[0]
    torch.testing.assert_close(thousand, 1000 * one, rtol=1e-4, atol=1e-3)
