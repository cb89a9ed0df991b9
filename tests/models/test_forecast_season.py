import numpy as np
import pytest
import torch

from models.forecast_season import (
    centred_average,
    phases,
    seasonal_indices,
)
from models.forecast_season_length import SeasonLength
from models.forecast_window import make_window

T = 48


def test_phases_count_back_from_the_newest_value() -> None:
    period = torch.tensor([1, 3])

    phase, cycle = phases(5, 4, period)

    assert phase.tolist() == [[0] * 9, [1, 0, 2, 1, 0, 2, 1, 0, 2]]
    assert cycle.tolist() == [[4, 3, 2, 1, 0, -1, -2, -3, -4], [1, 1, 0, 0, 0, -1, -1, -1, -2]]


@pytest.mark.parametrize("period", [4, 5], ids=["even", "odd"])
def test_the_centred_average_sees_a_line_through_any_season(period: int) -> None:
    step = torch.arange(float(T))
    season = torch.tensor(np.resize(np.random.default_rng(0).normal(size=period), T)).float()
    season = season - season[:period].mean()
    series = torch.stack([3 + 0.5 * step + season, step])
    length = torch.tensor([T, T])

    trend = centred_average(series.unsqueeze(0), length, torch.tensor([period, 1]))[0]

    torch.testing.assert_close(trend[0], 3 + 0.5 * step, rtol=0, atol=1e-4)
    torch.testing.assert_close(trend[1], step)


def test_indices_of_a_clean_season_are_kept_and_those_of_noise_shrunk() -> None:
    rng = np.random.default_rng(1)
    pattern = torch.tensor([2.0, -1.0, 0.5, -1.5])
    period = torch.tensor([4, 7])
    phase = phases(T, 0, period)[0]
    noise = torch.from_numpy(rng.normal(size=T)).float()
    residual = torch.stack([pattern[phase[0]], noise])

    index, kept = seasonal_indices(residual[None], torch.ones(1, 2, T), phase, period)
    index, kept = index[0], kept[0]

    torch.testing.assert_close(index[0, :4], pattern, rtol=1e-4, atol=1e-4)
    assert float(kept[0]) > 0.999
    assert float(kept[1]) < 0.7
    assert index.shape == (2, 7)
    assert index[0, 4:].tolist() == [0, 0, 0]


def test_one_wild_value_hardly_moves_the_indices() -> None:
    pattern = torch.tensor([2.0, -1.0, 0.5, -1.5])
    period = torch.tensor([4])
    phase = phases(T, 0, period)[0]
    residual = pattern[phase] + 0.01 * torch.randn(1, T, generator=torch.Generator().manual_seed(0))
    residual[0, 20] += 40

    index, _ = seasonal_indices(residual[None], torch.ones(1, 1, T), phase, period)

    assert float((index[0, 0, :4] - pattern).abs().max()) < 1.0  # a plain mean is off by 2.5


@pytest.mark.parametrize("period", [4, 7, 10, 12, 24])
def test_a_season_is_detected_under_noise_and_trend(period: int) -> None:
    rng = np.random.default_rng(2)
    step = np.arange(160)
    row = 0.3 * step + 4 * np.sin(2 * np.pi * step / period) + rng.normal(size=160)
    window = make_window(torch.tensor(row[None], dtype=torch.float32), 512)

    found = SeasonLength(512)(window.scaled, window.inside, window.length, torch.tensor([0]))

    assert found.tolist() == [period]


def test_noise_and_random_walks_have_no_season() -> None:
    rng = np.random.default_rng(3)
    rows = np.concatenate([rng.normal(size=(50, 90)), rng.normal(size=(50, 90)).cumsum(1)])
    window = make_window(torch.tensor(rows, dtype=torch.float32), 512)

    unknown = torch.zeros(100, dtype=torch.int64)
    found = SeasonLength(512)(window.scaled, window.inside, window.length, unknown)

    assert float((found == 1).double().mean()) > 0.8
