"""One series seen five ways: with and without its season, in its unit and as a logarithm."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.forecast_constants import number, whole
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
    both = torch.stack([window.scaled, torch.where(positive, window.logs, window.scaled)])
    index, kept = _indices(both, window, period, horizon)
    past, ahead = index.narrow(2, 0, n_steps), index.narrow(2, n_steps, horizon)
    less = torch.cat([both, both.narrow(0, 1, 1)]) - past
    additive, others = less.narrow(0, 0, 1), less.narrow(0, 1, 2)
    ratio = (window.scaled + level) / torch.exp(past.narrow(0, 1, 2)) - level
    ratio = torch.where(positive, ratio, others)
    series = torch.cat([both.narrow(0, 0, 1), additive, ratio, less.narrow(0, 1, 1)])
    if not window.full:
        series = series * window.inside
    return Views(series, ahead, kept, error_unit(window))


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
    if bool((period <= whole(1)).all()):
        zeros = torch.zeros([3, n_rows, n_steps + horizon], device=both.device)
        return zeros, zeros.select(2, 0)
    residual = both - centred_average(both, window.length, period)
    weight = torch.ones_like(window.scaled)
    if not window.full:
        residual = residual * window.inside
        weight = window.inside * torch.where(window.observed, 1.0, filled_weight)
    phase, cycle = phases(n_steps, horizon, period)
    recent = weight * torch.exp(cycle.narrow(1, 0, n_steps) * number(math.log(cycle_discount)))
    index, kept = seasonal_indices(
        torch.cat([residual, residual.narrow(0, 1, 1)]),
        torch.stack([weight, weight, recent]),
        phase.narrow(1, 0, n_steps),
        period,
    )
    return index.gather(2, phase.expand(3, -1, -1)), kept


def from_views(inner: Tensor, views: Views, window: Window, log_room: float = LOG_ROOM) -> Tensor:
    """Forecasts in the units of their views -> in the unit of the scaled series.

    Shape:
        inner: (V, B, Q) float32; returns the same.
    """
    positive, level = window.positive.unsqueeze(1), window.level.unsqueeze(1)
    added = inner.narrow(0, 1, 3) + views.ahead
    ratio = (inner.narrow(0, 2, 2) + level) * torch.exp(views.ahead.narrow(0, 1, 2)) - level
    ratio = torch.where(positive, ratio, added.narrow(0, 1, 2))
    logs = inner.narrow(0, 4, 1) + views.ahead.narrow(0, 1, 1)
    low, high = window.logs.amin(1), window.logs.amax(1)
    room = (high - low).clamp(max=log_room) + number(0.1)
    within = torch.maximum(logs, (low - room).unsqueeze(1))
    within = torch.minimum(within, (high + room).unsqueeze(1)) + window.log_level.unsqueeze(1)
    grown = torch.exp(torch.where(positive, within, number(0.0))) - level
    grown = torch.where(positive, grown, logs)
    return torch.cat([inner.narrow(0, 0, 1), added.narrow(0, 0, 1), ratio, grown])


def error_unit(window: Window) -> Tensor:
    """(V, B) float32: an error of one in a view, roughly, in the unit of the scaled series."""
    grown = (window.level.abs() + number(1.0)).clamp(max=1e4)
    one = torch.ones_like(grown)
    return torch.stack([one, one, one, one, torch.where(window.positive, grown, one)])
