"""How every candidate would have done on the newest part of the past."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.forecast_constants import whole
from models.forecast_smoothing import N_FLAT, Smooth, reach_of

CHECKS = (1, 2, 4, 8, 16)  # steps ahead at which the candidates are tried
N_CHECKS = len(CHECKS)
WARM_UP = 3  # steps that an origin must have behind it


class Trial(NamedTuple):
    """Errors of the candidates, in the units of their views.

    Shape:
        size, bias: (C, K, V, B) float32, mean absolute and mean error; zero where not tried.
        n_tried: (C, B) float32, origins that were tried.
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
        self.n_flat = N_FLAT
        self.checks = list(CHECKS)
        self.n_checks = N_CHECKS
        self.register_buffer("steps", torch.tensor(CHECKS))
        self.register_buffer("reach", reach_of(torch.tensor(CHECKS)))

    def forward(self, smooth: Smooth, series: Tensor, observed: Tensor, length: Tensor) -> Trial:
        """Collect the errors at each number of steps ahead.

        Shape:
            series: (V, B, T) float32; observed: (B, T) bool; length: (B,) int64.
        """
        n_origins = smooth.level.shape[1]
        newest = (
            series.narrow(2, series.shape[2] - n_origins, n_origins).permute(2, 0, 1).contiguous()
        )
        known, warm = self._tried(
            observed.narrow(1, observed.shape[1] - n_origins, n_origins), length
        )
        reach = self.reach.t()[:, self.n_flat :].reshape(self.n_checks, -1, 1, 1, 1)
        counts = (n_origins - self.steps).clamp(min=0).unsqueeze(1).expand(-1, len(observed))
        sizes: list[Tensor] = []
        biases: list[Tensor] = []
        tried: list[Tensor] = []
        for check, ahead in enumerate(self.checks):
            last = max(n_origins - ahead, 0)
            excess = smooth.level.narrow(1, 0, last) - newest.narrow(0, n_origins - last, last)
            sloped = excess.narrow(0, self.n_flat, len(smooth.slope))
            sloped.addcmul_(smooth.slope.narrow(1, 0, last), reach[check])
            if len(known) > 0:
                tried.append(known[ahead:] & warm[:last])
                excess.mul_(tried[check].unsqueeze(1))
            biases.append(excess.sum(1))
            sizes.append(excess.abs_().sum(1))
        if len(known) > 0:
            counts = torch.stack([part.sum(0) for part in tried])
        count = counts.float()
        share = count.clamp(min=1.0).reciprocal().unsqueeze(1).unsqueeze(1)
        return Trial(torch.stack(sizes) * share, torch.stack(biases) * -share, count)

    def _tried(self, observed: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """(W, B) bool, whether a step is known, and whether an origin has enough behind it.

        No rows at all where both hold throughout, as they mostly do: then nothing needs a mask.
        """
        back = torch.arange(observed.shape[1] - 1, -1, -1, device=length.device).unsqueeze(1)
        warm = (length - back) >= whole(self.warm_up)
        if bool(observed.all()) and bool(warm.select(0, 0).all()):
            return warm[:0], warm[:0]
        return observed.t(), warm
