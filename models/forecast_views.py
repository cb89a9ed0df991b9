"""One series seen five ways: with and without its season, in its unit and as a logarithm."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.forecast_season import centred_average, phases, seasonal_indices
from models.forecast_window import Window

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
        series: (V, B, T) float32.
        ahead: (3, B, Q) float32, additive, multiplicative and recent index of every future step.
        kept: (3, B) float32, share of these indices that shrinkage left.
        unit: (V, B) float32, an error of one in a view, roughly, in the unit of the scaled series.
    """

    series: Tensor
    ahead: Tensor
    kept: Tensor
    unit: Tensor


def make_views(window: Window, period: Tensor, horizon: int) -> Views:
    """Estimate the indices and adjust the series by them."""
    n_steps = window.scaled.shape[1]
    positive, level = window.positive.unsqueeze(1), window.level.unsqueeze(1)
    relative = torch.where(positive, window.logs, window.scaled)
    index, kept = _indices(torch.stack([window.scaled, relative]), window, period, horizon)
    past = index[:, :, :n_steps]
    less = relative - past[1:]
    ratio = (window.scaled + level) * torch.exp(-past[1:]) - level
    ratio = torch.where(positive, ratio, less)
    parts = [window.scaled.unsqueeze(0), (window.scaled - past[0]).unsqueeze(0), ratio, less[:1]]
    series = torch.cat(parts)
    if not window.full:
        series = series * window.inside
    return Views(series, index[:, :, n_steps:], kept, error_unit(window))


def _indices(
    both: Tensor,
    window: Window,
    period: Tensor,
    horizon: int,
    cycle_discount: float = CYCLE_DISCOUNT,
    filled_weight: float = FILLED_WEIGHT,
) -> tuple[Tensor, Tensor]:
    """(3, B, T + Q) additive, multiplicative and recent index of every step, and what is kept."""
    _, n_rows, n_steps = both.shape
    if not bool((period > 1).any()):
        zeros = torch.zeros([3, n_rows, n_steps + horizon], device=both.device)
        return zeros, zeros[:, :, 0]
    residual = both - centred_average(both, window.length, period)
    weight = torch.ones_like(window.scaled)
    if not window.full:
        residual = residual * window.inside
        weight = window.inside * torch.where(window.observed, 1.0, filled_weight)
    phase, cycle = phases(n_steps, horizon, period)
    recent = weight * torch.exp(cycle[:, :n_steps] * math.log(cycle_discount))
    index, kept = seasonal_indices(
        torch.cat([residual, residual[1:]]),
        torch.stack([weight, weight, recent]),
        phase[:, :n_steps],
        period,
    )
    return index.gather(2, phase.expand(3, -1, -1)), kept


def from_views(inner: Tensor, views: Views, window: Window, log_room: float = LOG_ROOM) -> Tensor:
    """Forecasts in the units of their views -> in the unit of the scaled series.

    Shape:
        inner: (V, B, Q) float32; returns the same.
    """
    positive, level = window.positive.unsqueeze(1), window.level.unsqueeze(1)
    added = inner[1:4] + views.ahead
    ratio = (inner[2:4] + level) * torch.exp(views.ahead[1:]) - level
    logs = inner[4:] + views.ahead[1:2]
    low, high = window.logs.amin(1, keepdim=True), window.logs.amax(1, keepdim=True)
    room = (high - low).clamp(max=log_room) + 0.1
    within = torch.minimum(torch.maximum(logs, low - room), high + room)
    within = torch.where(positive, within + window.log_level.unsqueeze(1), 0.0)
    grown = torch.where(positive, torch.exp(within) - level, logs)
    return torch.cat([inner[:1], added[:1], torch.where(positive, ratio, added[1:]), grown])


def error_unit(window: Window) -> Tensor:
    """(V, B) float32: an error of one in a view, roughly, in the unit of the scaled series."""
    level = (window.level.abs() + 1.0).clamp(max=1e4)
    grown = torch.where(window.positive, level, 1.0).unsqueeze(0)
    return torch.cat([torch.ones([4, level.shape[0]], device=level.device), grown])
