"""Exponential smoothing of every view with many discounts, as one matrix product a batch."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from models.forecast_constants import number

DISCOUNTS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.93, 1.0)
FIRST_LINE = 2  # from this discount on a line is fitted too: level and slope at the last step
N_DISCOUNTS = len(DISCOUNTS)
N_LINES = N_DISCOUNTS - FIRST_LINE
DRIFT, FLAT_SLOPE = N_LINES, N_LINES + 1
TREND = N_LINES - 1  # the undiscounted least-squares slope
N_ORIGINS = 48
SLOPE_RIDGE = 1e-6
HALF = 0.5

# Which level (7 averages, 5 line ends), which slope (5 lines, drift, none), how much of it, and
# its damping. Half the trend on top of an average is the Theta method (Hyndman & Billah 2003).
METHODS: tuple[tuple[int, int, float, float], ...] = (
    *((average, FLAT_SLOPE, 0.0, 1.0) for average in range(N_DISCOUNTS)),
    *((average, TREND, HALF, 1.0) for average in range(4)),
    (0, DRIFT, 1.0, 1.0),
    (1, TREND, 1.0, 1.0),
    *((N_DISCOUNTS + line, line, 1.0, 1.0) for line in range(1, N_LINES)),
    *((N_DISCOUNTS + line, line, 1.0, 0.88) for line in range(3)),
    (0, 1, 1.0, 0.88),
    (0, 2, 1.0, 0.93),
)
N_METHODS = len(METHODS)
N_FLAT = N_DISCOUNTS  # methods without a slope; they come first
BLOCK = 16  # origins that one product makes


class Smooth(NamedTuple):
    """What each method had fitted at each of the newest origins, and at the last step.

    A forecast is ``level + slope * reach``; methods before ``N_FLAT`` have no slope.

    Shape:
        level: (K, W, V, B) float32; slope: (K - N_FLAT, W, V, B) float32.
        last: (2, K, V, B) float32, level and slope at the last step.
    """

    level: Tensor
    slope: Tensor
    last: Tensor


def reach_of(steps: Tensor) -> Tensor:
    """(K, len(steps)) how far a slope of one has risen after some steps, damping included."""
    damping = torch.tensor([method[3] for method in METHODS], dtype=torch.float64).unsqueeze(1)
    ahead = steps.double().unsqueeze(0)
    damped = damping * (1 - damping**ahead) / (1 - damping).clamp(min=1e-9)
    return torch.where(damping < 1, damped, ahead.expand_as(damped)).float()


class Smoother(nn.Module):
    """Exponentially weighted means and lines at the newest origins of every view.

    A mean or a line is a ratio of moments, and a moment is a product of the series with a table
    of weights by age; weights are normalised, so that short pasts need no starting values. What
    came before the first origin enters through its moments at that step: discounted by the steps
    in between, they are those of every later origin. In float64: where a view is fitted exactly,
    rounding in float32 would tell neighbours apart.
    """

    older: Tensor
    newer: Tensor
    by_seen: Tensor
    level_of: Tensor
    slope_of: Tensor

    def __init__(self, context_length: int) -> None:
        super().__init__()
        self.n_origins = N_ORIGINS
        self.n_discounts = N_DISCOUNTS
        self.n_lines = N_LINES
        self.first_line = FIRST_LINE
        self.trend = TREND
        self.n_flat = N_FLAT
        self.block = BLOCK
        longest = max(context_length, N_ORIGINS)
        self.register_buffer("older", moments_by_age(longest).flip(1).t().contiguous())
        self.register_buffer("newer", _moments_at_origins())
        self.register_buffer("by_seen", _factors(longest))
        self.register_buffer("level_of", torch.tensor([method[0] for method in METHODS]))
        slopes = [N_LINES + 2 if m[2] == HALF else m[1] for m in METHODS]
        self.register_buffer("slope_of", torch.tensor(slopes))

    def forward(self, series: Tensor, length: Tensor) -> Smooth:
        """Fit all methods.

        Shape:
            series: (V, B, T) float32, zero before the first value; length: (B,) int64.
        """
        n_steps, shape = series.shape[2], [self.n_origins, series.shape[0], series.shape[1]]
        exact = series.double()
        if n_steps < self.n_origins:
            exact = pad(exact, [self.n_origins - n_steps, 0])
        first = (exact.shape[2] - length).reshape(1, -1, 1).expand(shape[1], -1, 1)
        columns = exact.flatten(0, 1).t()  # (T, V * B)
        newest = columns.narrow(0, len(columns) - self.n_origins, self.n_origins)
        rises = newest - exact.gather(2, first).flatten()
        mean, ends, slope, drift = self._fits(self._moments(columns), rises, length, n_steps)
        half = slope.narrow(1, self.trend, 1) * number(0.5)
        start = max(self.n_origins - n_steps, 0)  # before it there is no step at all
        sloped = self.slope_of[self.n_flat :].clamp(max=self.n_lines + 1)  # no place for none
        level = self._chosen([mean, ends], self.level_of, shape)
        slope = self._chosen([slope, drift, half], sloped, shape)
        last = [level.select(1, -1), pad(slope.select(1, -1), [0, 0, 0, 0, self.n_flat, 0])]
        if start > 0:
            level, slope = level[:, start:], slope[:, start:]
        return Smooth(level, slope, torch.stack(last))

    def _fits(
        self, moments: Tensor, rises: Tensor, length: Tensor, n_steps: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Means, ends and slopes of lines, and the drift: (W / BLOCK, ., BLOCK, V * B) each."""
        factors = self._factors(length, n_steps, rises.shape[1] // len(length))
        means, lines = self.n_discounts, self.n_lines
        mean = moments.narrow(1, 0, means) * factors.narrow(1, 0, means)
        line_mean = mean.narrow(1, self.first_line, lines)
        slope = line_mean * factors.narrow(1, means, lines) - moments.narrow(1, means, lines)
        slope = slope * factors.narrow(1, means + 2 * lines, lines)
        ends = torch.addcmul(line_mean, slope, factors.narrow(1, means + lines, lines))
        drift = rises.reshape(len(moments), 1, self.block, -1)
        drift = drift * factors.narrow(1, means + 3 * lines, 1)
        return mean, ends, slope, drift

    def _chosen(self, parts: list[Tensor], chosen: Tensor, shape: list[int]) -> Tensor:
        """(K, W, V, B) float32: of blocks of origins those methods that were chosen."""
        joined = torch.cat(parts, 1).transpose(0, 1)
        joined = joined.to(torch.float32, memory_format=torch.contiguous_format)
        return joined.index_select(0, chosen).reshape(len(chosen), shape[0], shape[1], shape[2])

    def _moments(self, columns: Tensor) -> Tensor:
        """All moments at all origins, a block of origins after the other.

        Shape:
            columns: (T, V * B) float64; returns (W / BLOCK, J, BLOCK, V * B) float64.
        """
        n_older, block = columns.shape[0] - self.n_origins, self.block
        n_moments, n_blocks = self.older.shape[1], self.n_origins // self.block
        older = self.older.narrow(0, len(self.older) - n_older, n_older)
        before = older.t() @ columns.narrow(0, 0, n_older)
        # What makes moments of the first origins makes those of any others, given what was before.
        table = self.newer.reshape(-1, n_moments, self.n_origins)[:, :, :block]
        table = torch.cat([table[:block], table[self.n_origins :]]).flatten(1).t()
        moments = columns.new_empty([n_blocks, n_moments * block, columns.shape[1]])
        for place, newest in enumerate(
            torch.split(columns.narrow(0, n_older, self.n_origins), block)
        ):
            torch.mm(table, torch.cat([newest, before]), out=moments[place])
            before = moments[place, block - 1 :: block]
        return moments.reshape(n_blocks, n_moments, block, -1)

    def _factors(self, length: Tensor, n_steps: int, n_views: int) -> Tensor:
        """(W / BLOCK, F, BLOCK, V * B or 1): what turns moments into means and lines.

        Each origin has seen one step more than the one before: a run of the table.
        """
        if bool((length == n_steps).all()):
            factors = self.by_seen.narrow(1, n_steps, self.n_origins).unsqueeze(2)
        else:
            runs = self.by_seen.unfold(1, self.n_origins, 1)
            factors = runs[:, length.repeat(n_views)].transpose(1, 2)  # (F, W, V * B)
        return factors.reshape(len(factors), -1, self.block, factors.shape[2]).transpose(0, 1)


def moments_by_age(n_ages: int) -> Tensor:
    """(J, N) float64 weight of a value by its age: powers of all discounts, ramps of the lines."""
    age = torch.arange(n_ages, dtype=torch.float64)
    powers = torch.stack([torch.full_like(age, d) ** age for d in DISCOUNTS])
    return torch.cat([powers, powers[FIRST_LINE:] * age])


def _moments_at_origins() -> Tensor:
    """(W + J, J * W): from the newest values, and the moments before them, to the moments."""
    weights = pad(moments_by_age(N_ORIGINS), [N_ORIGINS - 1, 0])
    # Row t holds what the value at step t weighs at origin w: by its age w - t, nothing before.
    newest = weights.unfold(1, N_ORIGINS, 1).flip(1).transpose(0, 1).flatten(1)
    n_moments = len(weights)
    since = torch.arange(1, N_ORIGINS + 1, dtype=torch.float64)
    carried = torch.zeros(n_moments, n_moments, N_ORIGINS, dtype=torch.float64)
    for place, discount in enumerate(DISCOUNTS):
        carried[place, place] = discount**since
        if place >= FIRST_LINE:
            ramp = N_DISCOUNTS + place - FIRST_LINE
            carried[ramp, ramp] = discount**since
            carried[place, ramp] = since * discount**since
    return torch.cat([newest, carried.flatten(1)])


def _factors(longest: int) -> Tensor:
    """(F, W + N) float64: what turns moments into means, ages and slopes, by steps seen.

    Column ``W - 1 + n`` is for ``n`` steps, the columns before it for none.
    """
    moments = moments_by_age(longest)
    squares = moments[N_DISCOUNTS:] * torch.arange(longest)
    mass = pad(torch.cat([moments, squares]).cumsum(1), [1, 0])
    mass_0, mass_1, mass_2 = torch.split(mass, [N_DISCOUNTS, N_LINES, N_LINES])
    weight = mass_0[FIRST_LINE:].clamp(min=1e-12)
    age = mass_1 / weight
    spread = mass_2 - weight * age**2 + SLOPE_RIDGE * weight + 1e-9
    seen = torch.arange(longest + 1, dtype=torch.float64)
    enough = (seen >= 2).double()
    per_step = enough / (seen - 1).clamp(min=1)
    per_mass = 1 / mass_0.clamp(min=1e-12)
    factors = torch.cat([per_mass, mass_1, age, enough / spread, per_step.unsqueeze(0)])
    return torch.cat([factors[:, :1].expand(-1, N_ORIGINS - 1), factors], 1)
