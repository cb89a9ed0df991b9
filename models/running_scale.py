"""How large a signal is, known at every sample from the samples so far.

Axis letters as in ``models.cells``.
"""

import math

import torch
from torch import Tensor, nn

SMALLEST = 1e-30


class RunningScale(nn.Module):
    """The largest magnitude so far, forgotten by half in ``half_life`` samples.

    The network sees every sample in units of the scale at that sample, and by how much the scale
    grew there, so that it can correct what it remembers. What it answers is multiplied by the
    scale: a signal ten times as large gets an answer ten times as large, whatever its unit.

    Shape:
        signals: (B, T) float32; before: (B, 1), the scale before the first sample, 0 for none.
        returns: features (B, T, 2) and the scale at every sample behind ``before``, (B, T + 1).
    """

    def __init__(self, half_life: float) -> None:
        super().__init__()
        self.forgetting = math.log(2.0) / half_life
        self.smallest = SMALLEST

    def forward(self, signals: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Relative samples and relative growth, and the scales."""
        n_samples = signals.size(1)
        forgotten = self.forgetting * torch.arange(
            n_samples + 1, dtype=torch.float64, device=signals.device
        )
        # In float64, so that it does not matter where a long signal is cut.
        magnitudes = torch.cat([before, signals.abs()], dim=1).double().clamp(min=self.smallest)
        highest = (magnitudes.log() + forgotten).cummax(dim=1)[0]
        scales = (highest - forgotten).exp().float()  # (B, T + 1)
        relative = signals / scales[:, 1:]
        growth = scales[:, :-1] / scales[:, 1:]
        return torch.stack([relative, growth], dim=2), scales
