"""A running average of a network's weights, which generalises better than the last weights."""

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of the weights and of the running statistics beside them.

    Early on the average forgets faster, so that it never lags behind the random start. With
    ``decay`` 0 there is no average: ``network`` is the trained one itself.

    Source: Polyak & Juditsky 1992; Tarvainen & Valpola 2017, arXiv:1703.01780.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self.network = network
        if decay:
            self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the weights that ``network`` has after ``step``."""
        if not self._decay:
            return
        decay = min(self._decay, (1 + step) / (10 + step))
        averages: list[Tensor] = list(self.network.parameters())
        weights: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(averages, weights, 1.0 - decay)
        for kept, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            if buffer.is_floating_point():
                kept.lerp_(buffer, 1.0 - decay)
            else:
                kept.copy_(buffer)
