"""One series seen five ways: with and without its season, in its unit and as a logarithm."""

from typing import NamedTuple

import torch
from torch import Tensor

from models.forecast_season import (
    age_of,
    centred_average,
    future_phase,
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
    phase = past_phase(n_steps, period)
    weight = window.inside.float() * torch.where(window.observed, 1.0, filled_weight)
    cycle = torch.div(age_of(n_steps, phase.device), period.unsqueeze(1), rounding_mode="floor")
    recent = weight * torch.pow(torch.full_like(weight, cycle_discount), cycle)
    additive = window.scaled - centred_average(window.scaled, window.length, period)
    logs = window.logs - centred_average(window.logs, window.length, period)
    relative = torch.where(window.positive.unsqueeze(1), logs, additive)
    index_a, kept_a = seasonal_indices(additive * window.inside, weight, phase, period)
    index_m, kept_m = seasonal_indices(relative * window.inside, weight, phase, period)
    index_r, kept_r = seasonal_indices(relative * window.inside, recent, phase, period)
    past_m = index_m.gather(1, phase)
    series = [
        window.scaled,
        window.scaled - index_a.gather(1, phase),
        _without_ratio(window, past_m),
        _without_ratio(window, index_r.gather(1, phase)),
        torch.where(window.positive.unsqueeze(1), window.logs, window.scaled) - past_m,
    ]
    ahead = future_phase(horizon, period)
    season_a, season_m = index_a.gather(1, ahead), index_m.gather(1, ahead)
    season_r = index_r.gather(1, ahead)
    season = [torch.zeros_like(season_a), season_a, season_m, season_r, season_m]
    return Views(
        series=torch.stack(series, 1) * window.inside.unsqueeze(1),
        season=torch.stack(season, 1),
        kept=torch.stack([kept_a, kept_m, kept_r], 1),
    )


def _without_ratio(window: Window, index: Tensor) -> Tensor:
    level = level_in_scales(window).unsqueeze(1)
    ratio = (window.scaled + level) * torch.exp(-index) - level
    return torch.where(window.positive.unsqueeze(1), ratio, window.scaled - index)


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
