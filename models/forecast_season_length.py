"""Season length of every row, found by autocorrelation where the caller gave none."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from models.forecast_constants import number, whole

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
        if bool((season_length == whole(0)).any()):
            found = torch.where(
                season_length == whole(0), self.detect(series, inside, length), found
            )
        return torch.where(found <= length - whole(self.extra_steps), found, whole(1)).clamp(min=1)

    def detect(self, series: Tensor, inside: Tensor, length: Tensor) -> Tensor:
        """Shortest lag whose autocorrelation is a peak nearly as high as the highest; 1 if none.

        The correlations of the detrended series and of its differences are averaged: the first
        sees smooth seasons, the second sharp ones under a wandering level.
        """
        n_rows, n_steps = series.shape
        later = inside & pad(inside.narrow(1, 0, n_steps - 1), [1, 0])
        steps = pad(series.narrow(1, 1, n_steps - 1) - series.narrow(1, 0, n_steps - 1), [1, 0])
        known = torch.cat([inside, later]).double()
        correlation = autocorrelation(detrended(torch.cat([series, steps * later]), known), known)
        height = prominence(correlation).reshape(2, n_rows, -1).sum(0) * number(0.5)
        height = height + self.bonus.narrow(0, 0, n_steps)
        beside = pad(height, [1, 1], value=2.0)
        peak = (height > beside.narrow(1, 0, n_steps)) & (height >= beside.narrow(1, 2, n_steps))
        lag, n = torch.arange(n_steps, device=series.device), length.double().unsqueeze(1)
        allowed = peak & (lag >= whole(2)) & (lag * whole(5) <= n * number(2.0))
        allowed = allowed & (height > number(1.3) / n.sqrt() + number(0.2))
        height = torch.where(allowed, height, number(0.0))
        near = allowed & (height >= height.amax(1, keepdim=True) * number(self.nearly))
        first = near.to(torch.uint8).argmax(1)
        return torch.where(near.any(1), first, whole(1))


def prominence(correlation: Tensor) -> Tensor:
    """Height above the lowest correlation at shorter lags: a wandering level is no season."""
    lowest = torch.cummin(correlation, dim=1)[0]
    return correlation - lowest.clamp(min=0)


def autocorrelation(series: Tensor, known: Tensor) -> Tensor:
    """Autocorrelation at lags 0..T-1, corrected for the overlap that a lag leaves.

    Shape:
        series, known: (B, T) float64, zero mean, zero where ``known`` is; returns the same.
    """
    n_steps = series.shape[1]
    spectrum = torch.view_as_real(torch.fft.rfft(series, n=2 * n_steps))
    product = torch.fft.irfft((spectrum * spectrum).sum(2), n=2 * n_steps)
    lag = torch.arange(n_steps, dtype=torch.float64, device=series.device)
    overlap = (known.sum(1, keepdim=True) - lag).clamp(min=1)
    mean = product.narrow(1, 0, n_steps) / overlap
    relative: Tensor = mean / mean.narrow(1, 0, 1).clamp(min=1e-9)
    return relative


def detrended(series: Tensor, known: Tensor) -> Tensor:
    """Less the least-squares line, in float64; zero where ``known`` is."""
    n = known.sum(1, keepdim=True).clamp(min=1)
    step = torch.arange(series.shape[1], dtype=torch.float64, device=series.device)
    time = (step - (known * step).sum(1, keepdim=True) / n) * known
    exact = series.double()
    centred = (exact - (exact * known).sum(1, keepdim=True) / n) * known
    slope = (time * centred).sum(1, keepdim=True)
    slope = slope / (time * time).sum(1, keepdim=True).clamp(min=1)
    return torch.addcmul(centred, slope, time, value=-1.0)
