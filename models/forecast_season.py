"""Phases, trend and seasonal indices of many rows at once, each with a season of its own."""

import torch
from torch import Tensor

# Residuals beyond this many mean residuals are weighed down.
OUTLIER = 3.0
# Variance of an index below which it is rounding: a ten-thousandth of the scale of the row.
FLOOR = 1e-8


def past_cycle(n_steps: int, period: Tensor) -> Tensor:
    """(B, T) float32 whole seasons between every step and the newest one.

    A quotient of floats: integer division is many times slower, and half a step keeps it exact.
    """
    age = torch.arange(n_steps - 1, -1, -1, device=period.device).float().unsqueeze(0)
    return torch.floor((age + 0.5) / period.float().unsqueeze(1))


def past_phase(n_steps: int, period: Tensor) -> Tensor:
    """(B, T) phase of every step, counted backwards: 0 is the phase of the newest value."""
    age = torch.arange(n_steps - 1, -1, -1, device=period.device).unsqueeze(0)
    return (age - past_cycle(n_steps, period) * period.unsqueeze(1)).to(torch.int64)


def future_phase(horizon: int, period: Tensor) -> Tensor:
    """(B, Q) phase of every future step, counted as in ``past_phase``."""
    ahead = torch.arange(1, horizon + 1, device=period.device).unsqueeze(0)
    season = period.unsqueeze(1)
    cycle = torch.ceil((ahead - 0.5) / season.float())
    return (cycle * season - ahead).to(torch.int64) % season


def centred_average(series: Tensor, length: Tensor, period: Tensor) -> Tensor:
    """Trend by a moving average over one season, run on along its slope at both ends.

    Even seasons get the usual half weights at both ends of the window.

    Shape:
        series: (B, C, T) float32; length, period: (B,) int64; returns (B, C, T) float32.
    """
    n_steps = series.shape[2]
    step = torch.arange(n_steps, device=series.device).unsqueeze(0)
    half = (period // 2).unsqueeze(1)
    last = n_steps - 1 - half
    first = torch.minimum((n_steps - length).unsqueeze(1) + half, last.clamp(min=0))
    middle = torch.minimum(torch.maximum(step, first), last)
    average = _window_mean(series, middle, half, period.unsqueeze(1))
    reach = torch.minimum(2 * half, last - first)
    ends = torch.cat([first, first + reach, last - reach, last], 1)
    edge = average.gather(2, _each(ends, series))
    rise = (edge[:, :, 1::2] - edge[:, :, ::2]) / reach.clamp(min=1).unsqueeze(1)
    beyond = (step - middle).unsqueeze(1)
    before, after = beyond.clamp(max=0) * rise[:, :, :1], beyond.clamp(min=0) * rise[:, :, 1:]
    return (average + before + after).float()


def _each(index: Tensor, series: Tensor) -> Tensor:
    """The same (B, N) index for every channel of ``series``."""
    return index.unsqueeze(1).expand(-1, series.shape[1], -1)


def _window_mean(series: Tensor, middle: Tensor, half: Tensor, period: Tensor) -> Tensor:
    total = torch.nn.functional.pad(series.double().cumsum(2), [1, 0])  # (B, C, T + 1)
    low = (middle - half).clamp(min=0)
    high = (middle + half).clamp(max=series.shape[2] - 1)
    even = 1 - period % 2
    high, inner_high = _each(high + 1, series), _each(high + 1 - even, series)
    low, inner_low = _each(low, series), _each(low + even, series)
    both = total.gather(2, high) - total.gather(2, low)
    both = both + (total.gather(2, inner_high) - total.gather(2, inner_low))
    return both * (0.5 / period).unsqueeze(1)


def phase_sums(values: Tensor, phase: Tensor) -> Tensor:
    """Sum over every phase; (B, C, T), zero beyond the season; ``phase`` is (B, T)."""
    return torch.zeros_like(values).scatter_add(2, _each(phase, values), values)


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
        residual, weight: (B, C, T) detrended values and their weights; phase: (B, T) int64.
        returns: (B, C, T) index by phase, zero beyond the season; (B, C) share in 0..1.
    """
    n_channels, n_steps = residual.shape[1], residual.shape[2]
    season = period.reshape(-1, 1, 1)
    every = _each(phase, residual)
    sums = phase_sums(torch.cat([residual * weight, weight], 1), phase)
    index = sums[:, :n_channels] / sums[:, n_channels:].clamp(min=1e-6)
    error = (residual - index.gather(2, every)).abs()
    usual = (error * weight).sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp(min=1e-6)
    weight = weight / (error / (outlier * usual + 1e-6)).clamp(min=1.0)
    sums = phase_sums(torch.cat([residual * weight, weight, weight * weight], 1), phase)
    total, mass, squares = torch.split(sums, n_channels, 1)
    mass = mass.clamp(min=1e-6)
    real = torch.arange(n_steps, device=residual.device) < season
    index = total / mass
    index = (index - index.sum(2, keepdim=True) / season) * real
    error = residual - index.gather(2, every)
    free = (weight.sum(2) - period.unsqueeze(1)).clamp(min=1.0)
    noise = (error * error * weight).sum(2) / free
    within = noise * (squares / (mass * mass) * real).sum(2)
    between = (index * index).sum(2).clamp(min=1e-12)
    unexplained = (within + floor * period.unsqueeze(1)) / between
    kept = (1.0 - unexplained).clamp(min=0.0, max=1.0) * (period > 1).unsqueeze(1)
    return index * kept.unsqueeze(2), kept
