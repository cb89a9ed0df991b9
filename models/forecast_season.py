"""Phases, trend and seasonal indices of many rows at once, each with a season of its own."""

import torch
from torch import Tensor

# Residuals beyond this many mean residuals are weighed down.
OUTLIER = 3.0
TINY = 1e-6
# Variance of an index below which it is rounding: a ten-thousandth of the scale of the row.
FLOOR = 1e-8


def age_of(n_steps: int, device: torch.device) -> Tensor:
    """(1, T) steps before the newest one."""
    return torch.arange(n_steps - 1, -1, -1, device=device).unsqueeze(0)


def past_phase(n_steps: int, period: Tensor) -> Tensor:
    """(B, T) phase of every step, counted backwards: 0 is the phase of the newest value."""
    return age_of(n_steps, period.device) % period.unsqueeze(1)


def future_phase(horizon: int, period: Tensor) -> Tensor:
    """(B, Q) phase of every future step, counted as in ``past_phase``."""
    ahead = torch.arange(1, horizon + 1, device=period.device)
    return (-ahead.unsqueeze(0)) % period.unsqueeze(1)


def centred_average(series: Tensor, length: Tensor, period: Tensor) -> Tensor:
    """Trend by a moving average over one season, run on along its slope at both ends.

    Even seasons get the usual half weights at both ends of the window.

    Shape:
        series: (B, T) float32; length, period: (B,) int64; returns (B, T) float32.
    """
    n_steps = series.shape[1]
    step = torch.arange(n_steps, device=series.device).unsqueeze(0)
    half = (period // 2).unsqueeze(1)
    last = n_steps - 1 - half
    first = torch.minimum((n_steps - length).unsqueeze(1) + half, last.clamp(min=0))
    middle = torch.minimum(torch.maximum(step, first), last)
    average = _window_mean(series, middle, half, period.unsqueeze(1))
    reach = torch.minimum(2 * half, last - first)
    span = reach.clamp(min=1)
    end_rise = (average.gather(1, last) - average.gather(1, last - reach)) / span
    start_rise = (average.gather(1, first + reach) - average.gather(1, first)) / span
    beyond = step - middle
    return (average + end_rise * beyond.clamp(min=0) + start_rise * beyond.clamp(max=0)).float()


def _window_mean(series: Tensor, middle: Tensor, half: Tensor, period: Tensor) -> Tensor:
    total = torch.nn.functional.pad(series.double().cumsum(1), [1, 0])  # (B, T + 1)
    low = (middle - half).clamp(min=0)
    high = (middle + half).clamp(max=series.shape[1] - 1)
    even = (period % 2 == 0).to(torch.int64)
    outer = total.gather(1, high + 1) - total.gather(1, low)
    inner = total.gather(1, high + 1 - even) - total.gather(1, low + even)
    return 0.5 * (outer + inner) / period


def phase_means(
    values: Tensor, weight: Tensor, phase: Tensor, tiny: float = TINY
) -> tuple[Tensor, Tensor]:
    """Weighted mean of every phase, and its weight; (B, T) each, zero beyond the season."""
    zeros = torch.zeros_like(values)
    mass = zeros.scatter_add(1, phase, weight)
    return zeros.scatter_add(1, phase, values * weight) / mass.clamp(min=tiny), mass


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
        residual, weight: (B, T) detrended values and their weights; phase: (B, T) int64.
        returns: (B, T) index by phase, zero beyond the season; (B,) share in 0..1.
    """
    index, _ = phase_means(residual, weight, phase)
    error = (residual - index.gather(1, phase)).abs()
    usual = (error * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp(min=1e-6)
    weight = weight / (error / (outlier * usual + 1e-6)).clamp(min=1.0)
    index, mass = phase_means(residual, weight, phase)
    real = torch.arange(residual.shape[1], device=residual.device) < period.unsqueeze(1)
    centre = (index * real).sum(1, keepdim=True) / period.unsqueeze(1)
    index = (index - centre) * real
    error = residual - index.gather(1, phase)
    free = (weight.sum(1) - period).clamp(min=1.0)
    noise = (error**2 * weight).sum(1, keepdim=True) / free.unsqueeze(1)
    typical, _ = phase_means(weight, weight, phase)
    within = noise * typical / mass.clamp(min=1e-6) * real  # (B, T)
    between = (index**2).sum(1).clamp(min=1e-12)
    kept = (1.0 - (within.sum(1) + floor * period) / between).clamp(min=0.0, max=1.0) * (period > 1)
    return index * kept.unsqueeze(1), kept
