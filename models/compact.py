"""Eight-bit tables for exports: a quarter of the size, the same answers to about 0.1 %.

Inside the graph they turn into float32 again; a frozen graph does so once, when it is loaded.
"""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.ngram import WordTable

Network = TypeVar("Network", bound=nn.Module)

# Products of bytes held at a time, 1 MB of them: so they stay in the cache, and the allocator
# keeps their memory instead of asking for new pages at every pass, which doubled its time.
CELLS = 2**18


class CompactTable(nn.Module):
    """A matrix as int8 with a scale for each row; called, it gives the matrix in float32.

    While ``multiplies_int8`` is set, scores are computed from the eight-bit levels themselves.
    Exports leave it unset; whoever loads one sets it where the processor multiplies bytes.
    """

    levels: Tensor
    scale: Tensor
    multiplies_int8: bool

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.multiplies_int8 = False
        self.cells = CELLS
        scale = matrix.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
        self.register_buffer("levels", torch.round(matrix / scale).to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self) -> Tensor:
        """The table, each weight rounded."""
        return self.levels.float() * self.scale

    def rows(self, words: Tensor) -> Tensor:
        """The vectors of some words: (...) -> (..., E); the table stays in eight bits for it."""
        return functional.embedding(words, self.levels).float() * self.scale[words]

    def columns(self) -> Tensor:
        """The table on its side: (E, V).

        A single row times this table takes half of the time that it takes with the other one.
        """
        return self.forward().t().contiguous()

    def scores(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """The product of each row with each vector of the table, and ``bias``: (B, E) -> (B, V)."""
        if self.multiplies_int8:
            return self._int8_scores(hidden, bias)
        return functional.linear(hidden, self.columns().t(), bias)

    def _int8_scores(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """(B, E) -> (B, V), each number of a row as two bytes: its level, and 254ths of a level.

        Products of bytes are exact: what is lost is the rounding of ``hidden``, to a 64,516th of
        the row's largest number.
        """
        step = hidden.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127  # (B, 1)
        level = hidden / step
        high = level.round()
        low = (level - high).mul_(254).round_()
        both = torch.cat([high, low]).to(torch.int8)  # (2 B, E)
        scores = torch.empty(hidden.size(0), self.levels.size(0), device=hidden.device)
        width = max(1, self.cells // both.size(0))
        for start in range(0, self.levels.size(0), width):
            end = start + width
            products = torch._int_mm(both, self.levels[start:end].t()).float()  # (2 B, width)
            upper, lower = products.chunk(2)
            levels = upper.add_(lower, alpha=1 / 254).mul_(step)
            scale = self.scale[start:end].t()
            torch.addcmul(bias[start:end], levels, scale, out=scores[:, start:end])
        return scores


class CompactLinear(nn.Module):
    """A linear layer over a compact matrix."""

    bias: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.table = CompactTable(layer.weight)
        self.register_buffer("bias", layer.bias.clone())

    def forward(self, hidden: Tensor) -> Tensor:
        """What the layer gives, its weights rounded."""
        return functional.linear(hidden, self.table(), self.bias)


def compact(network: Network) -> Network:
    """A copy of ``network`` with compact tables and linear layers; it can not be trained."""
    smaller = copy.deepcopy(network).eval().requires_grad_(False)
    _replace_children(smaller, {})
    return smaller


def _replace_children(module: nn.Module, done: dict[int, nn.Module]) -> None:
    """Replace in place; a table used twice stays one table."""
    for name, child in list(module._modules.items()):  # named_children() skips the second use
        if isinstance(child, WordTable):
            done.setdefault(id(child), CompactTable(child.weight))
            setattr(module, name, done[id(child)])
        elif isinstance(child, nn.Linear):
            setattr(module, name, CompactLinear(child))
        elif child is not None:
            _replace_children(child, done)
