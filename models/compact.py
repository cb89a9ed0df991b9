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


class CompactTable(nn.Module):
    """A matrix as int8 with a scale for each row; called, it gives the matrix in float32."""

    levels: Tensor
    scale: Tensor

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
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
