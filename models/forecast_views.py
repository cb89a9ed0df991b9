"""One series seen five ways: with and without its season, in its unit and as a logarithm."""

from typing import NamedTuple

import torch
from torch import Tensor

from models.forecast_season import (
    centred_average,
    future_phase,
    past_cycle,
    past_phase,
    seasonal_indices,
)
from models.forecast_window import Window, level_in_scales, log_level_in_scales

VIEWS = ("plain", "additive", "multiplicative", "recent", "logarithm")
N_VIEWS = len(VIEWS)
CYCLE_DISCOUNT = 0.55  # weight of a cycle relative to the next in the recent indices
FILLED_WEIGHT = 0.1  # of an interpolated value in the indices
LOG_ROOM = 3.0  # how far beyond the past a logarithm may go, at most


class Views(NamedTuple):
    """The adjusted series, and what maps a forecast of one back.

    Rows that are not positive use additive indices in place of the multiplicative ones and no
    logarithm, so that every row has all five.

    Shape:
        series: (B, V, T) float32.
        season: (B, V, Q) float32, index of every future step in the unit of its view.
        kept: (B, 3) float32, share of the additive, multiplicative and recent indices that
            shrinkage left.
    """

    series: Tensor
    season: Tensor
    kept: Tensor


def make_views(
    window: Window,
    period: Tensor,
    horizon: int,
    cycle_discount: float = CYCLE_DISCOUNT,
    filled_weight: float = FILLED_WEIGHT,
) -> Views:
    """Estimate the indices and adjust the series by them."""
    n_steps = window.scaled.shape[1]
    inside, positive = window.inside.unsqueeze(1), window.positive.reshape(-1, 1, 1)
    scaled = window.scaled.unsqueeze(1)
    relative = torch.where(positive, window.logs.unsqueeze(1), scaled)
    both = torch.cat([scaled, relative], 1)
    phase = past_phase(n_steps, period)
    index = torch.zeros_like(both[:, :1]).expand(-1, 3, -1)
    kept = torch.zeros_like(index[:, :, 0])
    if bool((period > 1).any()):  # else every index is zero
        residual = (both - centred_average(both, window.length, period)) * inside
        weight = window.inside * torch.where(window.observed, 1.0, filled_weight)
        recent = weight * torch.pow(cycle_discount, past_cycle(n_steps, period))
        index, kept = seasonal_indices(
            torch.cat([residual, residual[:, 1:]], 1),
            torch.stack([weight, weight, recent], 1),
            phase,
            period,
        )
    past = index.gather(2, phase.unsqueeze(1).expand(-1, 3, -1))
    level = level_in_scales(window).reshape(-1, 1, 1)
    ratio = (scaled + level) * torch.exp(-past[:, 1:]) - level
    less = both[:, :1] - past
    ratio = torch.where(positive, ratio, less[:, 1:])
    series = torch.cat([scaled, less[:, :1], ratio, relative - past[:, 1:2]], 1)
    ahead = index.gather(2, future_phase(horizon, period).unsqueeze(1).expand(-1, 3, -1))
    season = torch.cat([torch.zeros_like(ahead[:, :1]), ahead, ahead[:, 1:2]], 1)
    return Views(series=series * inside, season=season, kept=kept)


def from_views(inner: Tensor, views: Views, window: Window, log_room: float = LOG_ROOM) -> Tensor:
    """Forecasts in the units of their views -> in the unit of the scaled series.

    Shape:
        inner: (B, V, Q) float32; returns the same.
    """
    positive = window.positive.reshape(-1, 1, 1)
    level = level_in_scales(window).reshape(-1, 1, 1)
    added = inner + views.season
    ratio = (inner[:, 2:4] + level) * torch.exp(views.season[:, 2:4]) - level
    low, high = window.logs.amin(1).reshape(-1, 1, 1), window.logs.amax(1).reshape(-1, 1, 1)
    room = (high - low).clamp(max=log_room) + 0.1
    logs = torch.minimum(torch.maximum(added[:, 4:], low - room), high + room)
    logs = torch.where(positive, logs + log_level_in_scales(window).reshape(-1, 1, 1), 0.0)
    grown = torch.exp(logs) - level
    return torch.cat(
        [
            added[:, :2],
            torch.where(positive, ratio, added[:, 2:4]),
            torch.where(positive, grown, added[:, 4:]),
        ],
        1,
    )


def error_unit(window: Window) -> Tensor:
    """(B, V) float32: an error of one in a view, roughly, in the unit of the scaled series."""
    level = (level_in_scales(window).abs() + 1.0).clamp(max=1e4)
    unit = torch.ones(level.shape[0], 5, device=level.device)
    unit[:, 4] = torch.where(window.positive, level, torch.ones_like(level))
    return unit
