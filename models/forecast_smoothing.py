"""Exponential smoothing of every view with many discounts, as one matrix product a batch."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

DISCOUNTS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.93, 1.0)
FIRST_LINE = 2  # from this discount on a line is fitted too: level and slope at the last step
N_DISCOUNTS = len(DISCOUNTS)
N_LINES = N_DISCOUNTS - FIRST_LINE
DRIFT, FLAT_SLOPE = N_LINES, N_LINES + 1
TREND = N_LINES - 1  # the undiscounted least-squares slope
N_ORIGINS = 48
SLOPE_RIDGE = 1e-6

# Which level (7 averages, 5 line ends), which slope (5 lines, drift, none), how much of it, and
# its damping. Half the trend on top of an average is the Theta method (Hyndman & Billah 2003).
METHODS: tuple[tuple[int, int, float, float], ...] = (
    *((average, FLAT_SLOPE, 0.0, 1.0) for average in range(N_DISCOUNTS)),
    *((average, TREND, 0.5, 1.0) for average in range(4)),
    (0, DRIFT, 1.0, 1.0),
    (1, TREND, 1.0, 1.0),
    *((N_DISCOUNTS + line, line, 1.0, 1.0) for line in range(1, N_LINES)),
    *((N_DISCOUNTS + line, line, 1.0, 0.88) for line in range(3)),
    (0, 1, 1.0, 0.88),
    (0, 2, 1.0, 0.93),
)
N_METHODS = len(METHODS)


class Smooth(NamedTuple):
    """What each method had fitted at each of the newest origins, the last step among them.

    Shape:
        level, slope: (B, V, K, W) float32; a forecast is ``level + slope * reach``.
    """

    level: Tensor
    slope: Tensor


def reach_of(steps: Tensor) -> Tensor:
    """(K, len(steps)) how far a slope of one has risen after some steps, damping included."""
    damping = torch.tensor([method[3] for method in METHODS], dtype=torch.float64).unsqueeze(1)
    ahead = steps.double().unsqueeze(0)
    damped = damping * (1 - damping**ahead) / (1 - damping).clamp(min=1e-9)
    return torch.where(damping < 1, damped, ahead.expand_as(damped)).float()


class Smoother(nn.Module):
    """Exponentially weighted means and lines at the newest origins of every view.

    A mean or a line is a ratio of moments, and a moment is a product of the series with a table
    of weights by age; weights are normalised, so that short pasts need no starting values. In
    float64: where a view is fitted exactly, rounding in float32 would tell neighbours apart.
    """

    weights: Tensor
    mass: Tensor
    level_of: Tensor
    slope_of: Tensor
    share: Tensor

    def __init__(self, context_length: int) -> None:
        super().__init__()
        self.n_origins = N_ORIGINS
        self.n_discounts = N_DISCOUNTS
        self.first_line = FIRST_LINE
        self.ridge = SLOPE_RIDGE
        age = torch.arange(context_length, dtype=torch.float64)
        powers = torch.stack([torch.full_like(age, d) ** age for d in DISCOUNTS])
        ramps = powers[FIRST_LINE:] * age
        squares = powers[FIRST_LINE:] * age**2
        moments = torch.cat([powers, ramps])
        self.register_buffer("weights", pad(moments, [N_ORIGINS, 0]))
        self.register_buffer("mass", pad(torch.cat([moments, squares]).cumsum(1), [1, 0]))
        self.register_buffer("level_of", torch.tensor([method[0] for method in METHODS]))
        self.register_buffer("slope_of", torch.tensor([method[1] for method in METHODS]))
        share = torch.tensor([method[2] for method in METHODS])
        self.register_buffer("share", share.reshape(-1, 1))

    def forward(self, series: Tensor, length: Tensor) -> Smooth:
        """Fit all methods.

        Shape:
            series: (B, V, T) float32, zero before the first value; length: (B,) int64.
        """
        n_origins = min(self.n_origins, series.shape[2])
        moments = self._moments(series.double(), n_origins)
        back = torch.arange(n_origins - 1, -1, -1, device=series.device)
        seen = (length.unsqueeze(1) - back).clamp(min=0)  # (B, W)
        mass = self.mass[:, seen].transpose(0, 1).unsqueeze(1)  # (B, 1, J, W)
        lines = self.n_discounts - self.first_line
        mass_0, mass_1, mass_2 = torch.split(mass, [self.n_discounts, lines, lines], 2)
        moment_0, moment_1 = torch.split(moments, [self.n_discounts, lines], 2)
        mean = moment_0 / mass_0.clamp(min=1e-12)
        line_mean = mean[:, :, self.first_line :]
        weight = mass_0[:, :, self.first_line :].clamp(min=1e-12)
        age = mass_1 / weight
        spread = mass_2 - weight * age**2
        cross = moment_1 - weight * age * line_mean
        enough = (seen >= 2).unsqueeze(1).unsqueeze(1)
        slope = -cross / (spread + self.ridge * weight + 1e-9) * enough
        drift = self._drift(series, length, seen)
        levels = torch.cat([mean, line_mean + slope * age], 2)
        slopes = torch.cat([slope, drift, torch.zeros_like(drift)], 2)
        slopes = slopes[:, :, self.slope_of] * self.share
        return Smooth(levels[:, :, self.level_of].float(), slopes.float())

    def _moments(self, series: Tensor, n_origins: int) -> Tensor:
        n_steps = series.shape[2]
        newest = self.n_origins - n_origins + 1
        ages = self.weights[:, newest : self.n_origins + n_steps]
        # A window of ages, newest step last, is what one origin sees; later steps weigh nothing.
        table = ages.unfold(1, n_steps, 1).flip(2)  # (J, W, T)
        n_moments = table.shape[0]
        product = series @ table.reshape(n_moments * n_origins, n_steps).t()
        return product.reshape(series.shape[0], series.shape[1], n_moments, n_origins)

    def _drift(self, series: Tensor, length: Tensor, seen: Tensor) -> Tensor:
        start = (series.shape[2] - length).reshape(-1, 1, 1).expand(-1, series.shape[1], 1)
        rise = series[:, :, -seen.shape[1] :] - series.gather(2, start)
        steps = (seen - 1).clamp(min=1).unsqueeze(1)
        return (rise / steps * (seen >= 2).unsqueeze(1)).unsqueeze(2)  # (B, V, 1, W)
