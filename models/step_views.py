"""How a series is shown to a network that knows one step, and how its answer is turned back.

A view maps values to a base in which errors have one size (the scaled value, or the logarithm),
and the base to what the network reads: the base itself, or its growth over a season.
Axis letters: B batch, T time, Q horizon, L quantile levels.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.forecast_window import FLAT


class Seen(NamedTuple):
    """A batch as a view shows it.

    Shape:
        scaled: (B, T) float32, what the network reads, zeros before a row begins.
        inside: (B, T) bool, true from the first step the network may read.
        base: (B, T) float64.
        lag: (B,) int64, steps of a season; 1 where there is none.
        moves: (B,) bool, false where a row is too short to know how it grows.
        unit: (B,) float64, what a base of 1 stands for; 0 marks a base of logarithms.
    """

    scaled: Tensor
    inside: Tensor
    base: Tensor
    lag: Tensor
    moves: Tensor
    unit: Tensor


class LevelView(nn.Module):
    """The value itself, scaled with the mean and the spread of the training part."""

    def __init__(self, loc: float, scale: float, largest: float = 1e4) -> None:
        super().__init__()
        self.loc, self.scale, self.largest = loc, scale, largest

    def forward(self, filled: Tensor, inside: Tensor, season: Tensor) -> Seen:
        """Show a batch (B, T) float64 without gaps; the season is not used."""
        base = ((filled - self.loc) / self.scale).clamp(-self.largest, self.largest)
        lag = season.clamp(min=1)
        unit = torch.full_like(base[:, 0], self.scale)
        return Seen((base * inside).float(), inside, base, lag, lag > 0, unit)

    def base_path(self, path: Tensor, seen: Seen) -> Tensor:  # noqa: ARG002 - as the other view
        """(B, Q) bases from the network's path (B, Q)."""
        return path.double()

    def values(self, base: Tensor, seen: Seen) -> Tensor:  # noqa: ARG002 - as the other view
        """Values of bases (B, Q, L)."""
        return self.loc + self.scale * base


class GrowthView(nn.Module):
    """The change of the logarithm over a season, scaled as in the training part.

    A series that is not positive is taken in shares of its largest magnitude instead of
    logarithms. One no longer than a season is continued with its last value.
    """

    def __init__(self, loc: float, scale: float, *, season_length: int = 12) -> None:
        super().__init__()
        self.loc, self.scale, self.season_length = loc, scale, season_length
        self.largest, self.flat = 1e4, FLAT

    def forward(self, filled: Tensor, inside: Tensor, season: Tensor) -> Seen:
        """Show a batch (B, T) float64 without gaps."""
        unit = filled.abs().amax(1)
        smallest = torch.where(inside, filled, unit.unsqueeze(1)).amin(1)
        logarithmic = (smallest > self.flat * unit).unsqueeze(1)
        logs = torch.log(torch.where(logarithmic & inside, filled, torch.ones_like(filled)))
        shares = filled / torch.where(unit > 0, unit, torch.ones_like(unit)).unsqueeze(1)
        base = torch.where(logarithmic, logs, shares)
        unit = torch.where(logarithmic.squeeze(1), torch.zeros_like(unit), unit.clamp(min=1e-300))
        return self._grown(base, inside, season, unit)

    def _grown(self, base: Tensor, inside: Tensor, season: Tensor, unit: Tensor) -> Seen:
        n_steps = base.shape[1]
        given = torch.where(season > 0, season, torch.full_like(season, self.season_length))
        moves = inside.sum(1) > given
        lag = torch.where(moves, given, torch.ones_like(given))
        step = torch.arange(n_steps, device=base.device).expand_as(base)
        earlier = step - lag.unsqueeze(1)
        known = earlier >= (n_steps - inside.sum(1)).unsqueeze(1)
        known = known | (step == n_steps - 1)  # a row always has one step to read
        growth = (base - base.gather(1, earlier.clamp(min=0)) - self.loc) / self.scale
        seen = growth.clamp(-self.largest, self.largest) * (known & moves.unsqueeze(1))
        return Seen(seen.float(), known, base, lag, moves, unit)

    def base_path(self, path: Tensor, seen: Seen) -> Tensor:
        """(B, Q) bases: each step adds its growth to the step a season before."""
        growth = (self.loc + self.scale * path.double()) * seen.moves.unsqueeze(1)
        n_steps, horizon = seen.base.shape[1], path.shape[1]
        track = torch.cat([seen.base, torch.zeros_like(growth)], 1)
        for step in range(horizon):
            earlier = (n_steps + step - seen.lag).unsqueeze(1)
            track[:, n_steps + step] = track.gather(1, earlier).squeeze(1) + growth[:, step]
        return track[:, n_steps:]

    def values(self, base: Tensor, seen: Seen) -> Tensor:
        """Values of bases (B, Q, L)."""
        unit = seen.unit.reshape(-1, 1, 1)
        return torch.where(unit > 0, base * unit, torch.exp(base.clamp(max=700.0)))
