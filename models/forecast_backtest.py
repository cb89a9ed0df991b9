"""How every candidate would have done on the newest part of the past."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.forecast_smoothing import Smooth, reach_of

CHECKS = (1, 2, 4, 8, 16)  # steps ahead at which the candidates are tried
N_CHECKS = len(CHECKS)
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

    def __init__(self) -> None:
        super().__init__()
        self.warm_up = WARM_UP
        self.checks = list(CHECKS)
        self.n_checks = N_CHECKS
        self.register_buffer("reach", reach_of(torch.tensor(CHECKS)))

    def forward(self, smooth: Smooth, series: Tensor, observed: Tensor, length: Tensor) -> Trial:
        """Collect the errors at each number of steps ahead.

        Shape:
            series: (B, V, T) float32; observed: (B, T) bool; length: (B,) int64.
        """
        n_origins = smooth.level.shape[3]
        back = torch.arange(n_origins - 1, -1, -1, device=series.device)
        warm = (length.unsqueeze(1) - back) >= self.warm_up  # (B, W)
        sizes: list[Tensor] = []
        biases: list[Tensor] = []
        counts: list[Tensor] = []
        for i, ahead in enumerate(self.checks):
            kept = max(n_origins - ahead, 0)
            known = (warm[:, :kept] & observed[:, observed.shape[1] - kept :]).float()
            count = known.sum(1)
            share = (known / count.clamp(min=1.0).unsqueeze(1)).unsqueeze(1).unsqueeze(1)
            truth = series[:, :, series.shape[2] - kept :].unsqueeze(2)  # (B, V, 1, W)
            reach = self.reach[:, i].reshape(1, 1, -1, 1)
            error = truth - smooth.level[..., :kept] - smooth.slope[..., :kept] * reach
            sizes.append((error.abs() * share).sum(3))
            biases.append((error * share).sum(3))
            counts.append(count)
        return Trial(torch.stack(sizes, 3), torch.stack(biases, 3), torch.stack(counts, 1))
