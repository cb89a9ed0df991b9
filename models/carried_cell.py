"""Recurrent layers whose state is one flat row, and signals of different lengths through them.

Axis letters as in ``models.cells``, and S numbers of a state.
"""

import torch
from torch import Tensor, nn

from models.cells import recurrent


class CarriedState(nn.Module):
    """A layer with one state tensor: a tanh RNN, a GRU.

    Shape:
        features: (B, T, F); states: (B, S); returns: (B, T, H) and the states after it, (B, S).
    """

    def __init__(self, layer: nn.Module, hidden_size: int, n_layers: int) -> None:
        super().__init__()
        self.layer = layer
        self.n_layers = n_layers
        self.state_size = n_layers * hidden_size

    def forward(self, features: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden units after every step, and the states after the last one."""
        hidden, last = self.layer(features, layered(states, self.n_layers))
        return hidden, flattened(last)


class CarriedPair(nn.Module):
    """A layer with a hidden and a cell state, an LSTM; the flat row holds them in that order.

    Shape:
        as ``CarriedState``.
    """

    def __init__(self, layer: nn.Module, hidden_size: int, n_layers: int) -> None:
        super().__init__()
        self.layer = layer
        self.n_layers = n_layers
        self.state_size = 2 * n_layers * hidden_size

    def forward(self, features: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden units after every step, and the states after the last one."""
        both = layered(states, 2 * self.n_layers)  # (2 * L, B, H)
        hidden, (last, memory) = self.layer(
            features, (both[: self.n_layers], both[self.n_layers :])
        )
        return hidden, torch.cat([flattened(last), flattened(memory)], dim=1)


def layered(states: Tensor, n_layers: int) -> Tensor:
    """Flat rows as the state of stacked layers: (B, L * H) to (L, B, H)."""
    return states.view(states.size(0), n_layers, -1).transpose(0, 1).contiguous()


def flattened(state: Tensor) -> Tensor:
    """The state of stacked layers as flat rows: (L, B, H) to (B, L * H)."""
    return state.transpose(0, 1).flatten(1)


def carried(
    cell: str, input_size: int, hidden_size: int, n_layers: int
) -> CarriedState | CarriedPair:
    """Any entry of ``models.cells.CELLS``; what is called an LSTM carries a pair of states.

    Raises:
        ValueError: if ``cell`` is not one of ``CELLS``.
    """
    layer = recurrent(cell, input_size, hidden_size, n_layers=n_layers)
    carrier = CarriedPair if cell.endswith("lstm") else CarriedState
    return carrier(layer, hidden_size, n_layers)


class RaggedCell(nn.Module):
    """Rows of different lengths through a carried cell: no step is computed for padding.

    All rows go together as far as the shortest reaches; what is left of each is cut into chunks
    whose sizes are powers of two, and rows with a chunk of one size go together again. So a batch
    takes one call of the cell where lengths are equal, and at most about log2(T) otherwise.

    Shape:
        features: (B, T, F); lengths: (B,) int64, 0..T; states: (B, S).
        returns: (B, T, H), zero beyond the length of a row, and (B, S) after its last real step.
    """

    def __init__(self, cell: CarriedState | CarriedPair, hidden_size: int) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size

    def forward(self, features: Tensor, lengths: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden units after every real step, and the states after the last of them."""
        shortest = int(lengths.min())
        if shortest == features.size(1):
            whole, after = self.cell(features, states)
            return whole, after
        hidden = features.new_zeros(features.size(0), features.size(1), self.hidden_size)
        if shortest > 0:
            together, states = self.cell(features[:, :shortest], states)
            hidden[:, :shortest] = together
        left = lengths - shortest
        size = largest_power_of_two(int(left.max()))
        while size > 0:
            rows = torch.nonzero((left // size) % 2).squeeze(1)
            if rows.size(0) > 0:
                begin = shortest + left[rows] // (2 * size) * (2 * size)
                steps = begin.unsqueeze(1) + torch.arange(size, device=begin.device)
                places = rows.unsqueeze(1)  # (n, 1), beside steps of (n, size)
                chunk, after = self.cell(features[places, steps], states[rows])
                hidden = hidden.index_put([places, steps], chunk)
                states = states.index_copy(0, rows, after)
            size = size // 2
        return hidden, states


def largest_power_of_two(limit: int) -> int:
    """The largest power of two that is at most ``limit``; 0 below 1."""
    size = 1
    while size <= limit:
        size = 2 * size
    return size // 2
