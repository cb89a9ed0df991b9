"""Phases, trend and seasonal indices of many rows at once, each with a season of its own."""

import torch
from torch import Tensor

from models.forecast_constants import number, whole

# Residuals beyond this many mean residuals are weighed down.
OUTLIER = 3.0
# Variance of an index below which it is rounding: a ten-thousandth of the scale of the row.
FLOOR = 1e-8


def phases(n_steps: int, horizon: int, period: Tensor) -> tuple[Tensor, Tensor]:
    """Phase and season of every step, counted backwards from 0 for the newest value.

    A quotient of floats: integer division is many times slower, and half a step keeps it exact.

    Shape:
        period: (B,) int64; returns (B, T + Q) int64 phases of the past and of the future, and
            (B, T + Q) float32 whole seasons between every step and the newest one.
    """
    age = torch.arange(n_steps - 0.5, -horizon - 0.5, -1.0, device=period.device)
    season = period.float().unsqueeze(1)
    cycle = torch.floor(age / season)
    return torch.addcmul(age, cycle, season, value=-1.0).to(torch.int64), cycle


def centred_average(series: Tensor, length: Tensor, period: Tensor) -> Tensor:
    """Trend by a moving average over one season, run on along its slope at both ends.

    Even seasons get the usual half weights at both ends of the window.

    Shape:
        series: (C, B, T) float32; length, period: (B,) int64, the period no longer than the
            length; returns (C, B, T) float32.
    """
    n_steps = series.shape[2]
    half = (period >> whole(1)).unsqueeze(1)
    start = (n_steps - length).unsqueeze(1)
    first, last = start + half, n_steps - 1 - half
    step = torch.arange(n_steps, device=series.device)
    middle = torch.minimum(torch.maximum(step, first), last)
    average = _window_mean(series, middle, half, period.unsqueeze(1))
    reach = torch.minimum(half + half, last - first)
    ends = torch.cat([first, last - reach, first + reach, last], 1)
    edge = average.gather(2, _each(ends, series))
    rise = (edge.narrow(2, 2, 2) - edge.narrow(2, 0, 2)) / reach.clamp(min=1)
    slope = torch.where(step < first, rise.narrow(2, 0, 1), rise.narrow(2, 1, 1))
    return torch.addcmul(average, slope, (step - middle).float())


def _each(index: Tensor, series: Tensor) -> Tensor:
    """The same (B, N) index for every channel of ``series``."""
    return index.expand(series.shape[0], -1, -1)


def _window_mean(series: Tensor, middle: Tensor, half: Tensor, period: Tensor) -> Tensor:
    """Sums up to both ends of the window; of the end values even seasons take half."""
    total = series.cumsum(2, dtype=torch.float64)
    share = torch.remainder(period, whole(2)).double() * number(-0.5) + number(0.5)
    exact = series.double()
    upper = torch.addcmul(total, exact, share, value=-1.0)
    lower = torch.addcmul(total, exact, number(1.0) - share, value=-1.0)
    both = upper.gather(2, _each(middle + half, series))
    both = both - lower.gather(2, _each(middle - half, series))
    return (both / period.double()).float()


def phase_sums(values: Tensor, phase: Tensor, longest: int) -> Tensor:
    """Sum over every phase; (C, B, P), zero beyond the season; ``phase`` is (B, T)."""
    sums = torch.zeros([values.shape[0], values.shape[1], longest], device=values.device)
    return sums.scatter_add_(2, _each(phase, values), values)


def seasonal_indices(
    residual: Tensor,
    weight: Tensor,
    phase: Tensor,
    period: Tensor,
    outlier: float = OUTLIER,
    floor: float = FLOOR,
) -> tuple[Tensor, Tensor]:
    """Shrunk seasonal index of every phase, and the share of it that was kept.

    Outliers are weighed down once; then the indices are pulled to zero as far as the spread
    inside the phases explains the spread between them (empirical Bayes).

    Shape:
        residual, weight: (C, B, T) detrended values and their weights; phase: (B, T) int64.
        returns: (C, B, P) index by phase, P being the longest season, zero beyond that of the
            row; (C, B) share in 0..1.
    """
    n_channels, longest, season = len(residual), int(period.max()), period.float()
    every = _each(phase, residual)
    weight = _outliers_weighed_down(residual, weight, phase, longest, outlier)
    sums = phase_sums(torch.cat([residual * weight, weight, weight * weight]), phase, longest)
    total, mass = sums.narrow(0, 0, n_channels), sums.narrow(0, n_channels, n_channels)
    squares = sums.narrow(0, 2 * n_channels, n_channels)
    free = (mass.sum(2) - season).clamp(min=1.0)
    mass = mass.clamp(min=1e-6)
    index = total / mass
    index = index - (index.sum(2) / season).unsqueeze(2)
    real = torch.arange(longest, device=phase.device) < period.unsqueeze(1)
    index = index * real
    error = residual - index.gather(2, every)
    noise = (error * error * weight).sum(2) / free
    within = noise * (squares / (mass * mass)).sum(2)
    between = (index * index).sum(2).clamp(min=1e-12)
    unexplained = torch.add(within, season, alpha=floor) / between
    kept = (number(1.0) - unexplained).clamp(min=0.0, max=1.0) * (period > whole(1))
    return index * kept.unsqueeze(2), kept


def _outliers_weighed_down(
    residual: Tensor, weight: Tensor, phase: Tensor, longest: int, outlier: float
) -> Tensor:
    """Weights that fall with the distance from the index beyond ``outlier`` usual distances."""
    n_channels = len(residual)
    sums = phase_sums(torch.cat([residual * weight, weight]), phase, longest)
    total, mass = sums.narrow(0, 0, n_channels), sums.narrow(0, n_channels, n_channels)
    index = total / mass.clamp(min=1e-6)
    error = (residual - index.gather(2, _each(phase, residual))).abs()
    usual = (error * weight).sum(2) / mass.sum(2).clamp(min=1e-6)
    usual = torch.add(number(1e-6), usual, alpha=outlier).unsqueeze(2)
    return weight / (error / usual).clamp(min=1.0)
