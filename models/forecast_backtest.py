"""How every candidate would have done on the newest part of the past."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from models.forecast_smoothing import Smooth, reach_of

CHECKS = (1, 2, 4, 8, 16)  # steps ahead at which the candidates are tried
N_CHECKS = len(CHECKS)
ROWS_AT_ONCE = 8
WARM_UP = 3  # steps that an origin must have behind it


class Trial(NamedTuple):
    """Errors of the candidates, in the units of their views.

    Shape:
        size, bias: (B, V, K, C) float32, mean absolute and mean error; zero where not tried.
        n_tried: (B, C) float32, origins that were tried.
    """

    size: Tensor
    bias: Tensor
    n_tried: Tensor


class Backtest(nn.Module):
    """Try every candidate from the newest origins, where the past holds the answer."""

    reach: Tensor
    steps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.warm_up = WARM_UP
        self.rows_at_once = ROWS_AT_ONCE
        self.furthest = max(CHECKS)
        self.n_checks = N_CHECKS
        self.register_buffer("steps", torch.tensor(CHECKS))
        self.register_buffer("reach", reach_of(torch.tensor(CHECKS)))

    def forward(self, smooth: Smooth, series: Tensor, observed: Tensor, length: Tensor) -> Trial:
        """Collect the errors at each number of steps ahead.

        Shape:
            series: (B, V, T) float32; observed: (B, T) bool; length: (B,) int64.
        """
        n_origins = smooth.level.shape[3]
        back = torch.arange(n_origins - 1, -1, -1, device=series.device)
        warm = (length.unsqueeze(1) - back) >= self.warm_up  # (B, W)
        truth = self._ahead(series, n_origins)  # (B, V, C, W)
        known = self._ahead(observed.unsqueeze(1).float(), n_origins)[:, 0] * warm.unsqueeze(1)
        count = known.sum(2)
        share = (known / count.clamp(min=1.0).unsqueeze(2)).unsqueeze(1).unsqueeze(3)
        reach = self.reach.t().unsqueeze(2).contiguous()  # (C, K, 1)
        sizes: list[Tensor] = []
        biases: list[Tensor] = []
        # A few rows at a time, and in place: their errors fit the cache of one core.
        for start in range(0, series.shape[0], self.rows_at_once):
            end = start + self.rows_at_once
            level, slope = (
                smooth.level[start:end].unsqueeze(2),
                smooth.slope[start:end].unsqueeze(2),
            )
            excess = torch.addcmul(level, slope, reach)  # (B, V, C, K, W)
            excess.sub_(truth[start:end].unsqueeze(3)).mul_(share[start:end])
            biases.append(excess.sum(4))
            sizes.append(excess.abs_().sum(4))
        size, bias = torch.cat(sizes), torch.cat(biases)
        return Trial(size.transpose(2, 3), -bias.transpose(2, 3), count)

    def _ahead(self, series: Tensor, n_origins: int) -> Tensor:
        """(B, V, C, W) what followed every origin after each number of steps; zero if nothing."""
        newest = pad(series[:, :, series.shape[2] - n_origins :], [0, self.furthest])
        return newest.unfold(2, n_origins, 1).index_select(2, self.steps)
