"""What the cells of this package have in common: sweeps along time, layers of them, packed rows.

Axis letters as in ``models.cells``, and S numbers of a step's state.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


class Sweep(nn.Module):
    """A step applied along the time axis, in one direction; hidden steps leave the state alone.

    Shape:
        features: (B, T, F); visible: (B, T) bool or None; state: (B, S).
        returns: (B, T, H) and the state after the last visible step, (B, S).
    """

    def __init__(self, step: nn.Module, hidden_size: int, *, backwards: bool) -> None:
        super().__init__()
        self.step = step
        self.hidden_size = hidden_size
        self.backwards = backwards

    def forward(
        self, features: Tensor, visible: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The hidden units after every step, and the last state."""
        outputs: list[Tensor] = []
        n_steps = features.size(1)
        for number in range(n_steps):
            at = n_steps - 1 - number if self.backwards else number
            after = self.step(features[:, at], state)
            if visible is not None:
                after = torch.where(visible[:, at].unsqueeze(1), after, state)
            state = after
            outputs.append(state[:, : self.hidden_size])
        joined = torch.stack(outputs, dim=1)
        return (joined.flip(1) if self.backwards else joined), state


def swept(make_step: Callable[[int, int], nn.Module]) -> Callable[..., Sweep]:
    """From a kind of step to what makes its sweeps."""

    def make_sweep(input_size: int, hidden_size: int, *, backwards: bool) -> Sweep:
        return Sweep(make_step(input_size, hidden_size), hidden_size, backwards=backwards)

    return make_sweep


class Layers(nn.Module):
    """Sweeps on top of each other, one or two a layer.

    Shape:
        features: (B, T, F); visible: (B, T) bool or None; states: (L * D, B, S).
        returns: (B, T, D * H) and the states after the last visible step.
    """

    def __init__(
        self,
        make_sweep: Callable[..., nn.Module],
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bidirectional: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.n_directions = 2 if bidirectional else 1
        self.dropout = dropout
        sizes = [input_size, *[self.n_directions * hidden_size] * (num_layers - 1)]
        self.sweeps = nn.ModuleList(
            make_sweep(size, hidden_size, backwards=bool(direction))
            for size in sizes
            for direction in range(self.n_directions)
        )

    def forward(
        self, features: Tensor, visible: Tensor | None, states: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The hidden units of the last layer, and all states."""
        after: list[Tensor] = []
        directions: list[Tensor] = []
        for number, sweep in enumerate(self.sweeps):
            if number > 0 and number % self.n_directions == 0:
                features = torch.cat(directions, dim=2)
                features = nn.functional.dropout(features, self.dropout, self.training)
                directions = []
            outputs, state = sweep(features, visible, states[number])
            directions.append(outputs)
            after.append(state)
        return torch.cat(directions, dim=2), torch.stack(after)


class Written(nn.Module):
    """What these cells share: layers of sweeps, and a state of zeros to begin with.

    ``forward`` stands in each of them: TorchScript does not find overloads that are inherited.
    """

    n_states = 1
    make_sweep: Callable[..., nn.Module]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        batch_first: bool = True,
    ) -> None:
        super().__init__()
        if not batch_first:
            raise ValueError("this cell reads batches first")
        sizes = (input_size, hidden_size, num_layers, bidirectional, dropout)
        self.layers = Layers(type(self).make_sweep, *sizes)
        self.hidden_size = hidden_size
        self.fresh_size = (len(self.layers.sweeps), self.n_states * hidden_size)

    def fresh(self, features: Tensor) -> Tensor:
        """Zeros: (L * D, B, S)."""
        return features.new_zeros(self.fresh_size[0], features.size(0), self.fresh_size[1])


def unpacked(features: PackedSequence) -> tuple[Tensor, Tensor, Tensor]:
    """Rows (B, T, F), which of their steps are real (B, T), and their lengths (B,)."""
    padded, lengths = pad_packed_sequence(features, batch_first=True)
    steps = torch.arange(padded.size(1), device=padded.device)
    return padded, steps < lengths.to(padded.device).unsqueeze(1), lengths


def packed(outputs: Tensor, lengths: Tensor) -> PackedSequence:
    """Rows (B, T, H) without their padding."""
    return pack_padded_sequence(outputs, lengths, batch_first=True, enforce_sorted=False)
