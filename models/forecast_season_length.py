"""Season length of every row, found by autocorrelation where the caller gave none."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

# A season is used where the past holds one cycle and this many steps more.
EXTRA_STEPS = 2
# Lags that calendars make likely, and how much weaker their correlation may be.
USUAL = (4, 7, 12, 24, 48, 52, 96, 168)
USUAL_BONUS = 0.15
SHORTEST_USUAL = 4
NEARLY = 0.85  # of the highest peak: the shortest such lag is the season, not its multiples


class SeasonLength(nn.Module):
    """The season length to use: as given, detected for 0, and 1 where the past is too short."""

    bonus: Tensor

    def __init__(self, context_length: int) -> None:
        super().__init__()
        self.extra_steps = EXTRA_STEPS
        self.nearly = NEARLY
        bonus = torch.zeros(context_length + 1)
        bonus[[lag for lag in USUAL if lag <= context_length]] = USUAL_BONUS
        bonus[:SHORTEST_USUAL] = -USUAL_BONUS
        self.register_buffer("bonus", bonus)

    def forward(
        self, series: Tensor, inside: Tensor, length: Tensor, season_length: Tensor
    ) -> Tensor:
        """Settle the season of each row.

        Shape:
            series: (B, T) float32, zero where ``inside`` is false; length: (B,) int64, how many
                steps are inside; season_length: (B,) int64; returns: (B,) int64, at least 1.
        """
        found = season_length
        if bool((season_length == 0).any()):
            found = torch.where(season_length == 0, self.detect(series, inside), found)
        fits = (found >= 2) & (found + self.extra_steps <= length)
        return torch.where(fits, found, 1)

    def detect(self, series: Tensor, inside: Tensor) -> Tensor:
        """Shortest lag whose autocorrelation is a peak nearly as high as the highest; 1 if none.

        The correlations of the detrended series and of its differences are averaged: the first
        sees smooth seasons, the second sharp ones under a wandering level.
        """
        later = inside & pad(inside[:, :-1], [1, 0])
        steps = pad(series[:, 1:] - series[:, :-1], [1, 0]) * later
        smooth = autocorrelation(detrended(series, inside), inside)
        sharp = autocorrelation(detrended(steps, later), later)
        height = 0.5 * (prominence(smooth) + prominence(sharp)) + self.bonus[: series.shape[1]]
        lag = torch.arange(series.shape[1], device=series.device)
        n = inside.sum(1, keepdim=True)
        peak = (height > pad(height[:, :-1], [1, 0], value=2.0)) & (
            height >= pad(height[:, 1:], [0, 1], value=2.0)
        )
        allowed = peak & (lag >= 2) & (lag * 5 <= n * 2) & (height > 0.2 + 1.3 / n.double().sqrt())
        best = torch.where(allowed, height, torch.zeros_like(height)).amax(1, keepdim=True)
        near = allowed & (height >= self.nearly * best)
        first = near.to(torch.int64).argmax(1)
        return torch.where(near.any(1), first, torch.ones_like(first))


def prominence(correlation: Tensor) -> Tensor:
    """Height above the lowest correlation at shorter lags: a wandering level is no season."""
    lowest = torch.cummin(correlation, dim=1)[0]
    return correlation - lowest.clamp(min=0)


def autocorrelation(series: Tensor, inside: Tensor) -> Tensor:
    """Autocorrelation at lags 0..T-1, corrected for the overlap that a lag leaves.

    Shape:
        series: (B, T), zero mean, zero where ``inside`` is false; returns (B, T) float64.
    """
    n_steps = series.shape[1]
    spectrum = torch.fft.rfft(series.double(), n=2 * n_steps)
    power = (spectrum * spectrum.conj()).real
    product = torch.fft.irfft(torch.complex(power, torch.zeros_like(power)), n=2 * n_steps)
    lag = torch.arange(n_steps, device=series.device)
    overlap = inside.sum(1, keepdim=True) - lag
    mean = product[:, :n_steps] / overlap.clamp(min=1)
    relative: Tensor = mean / mean[:, :1].clamp(min=1e-9)
    return relative


def detrended(series: Tensor, inside: Tensor) -> Tensor:
    """Less the least-squares line; zero where ``inside`` is false."""
    weight = inside.double()
    n = weight.sum(1, keepdim=True).clamp(min=1)
    step = torch.arange(series.shape[1], device=series.device)
    time = (step - (weight * step).sum(1, keepdim=True) / n) * weight
    centred = (series - (series * weight).sum(1, keepdim=True) / n) * weight
    slope = (time * centred).sum(1, keepdim=True) / (time**2).sum(1, keepdim=True).clamp(min=1)
    return centred - slope * time
