"""An RNN and an LSTM written out step by step, to be read, and used like those of torch.

They take and return what ``nn.RNN`` and ``nn.LSTM`` do: batches, packed sequences, states, several
layers, both directions. Axis letters as in ``models.cells``, and S numbers of a step's state.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch._jit_internal import _overload_method as overload  # as in torch.nn: packed or not
from torch.nn.utils.rnn import PackedSequence

from models.sweeps import Written, packed, swept, unpacked

UNIFORM_LIMIT = 0.08


class SimpleRnnStep(nn.Module):
    """One step of an RNN: a linear map of [input, hidden], then tanh.

    Shape:
        features: (B, F); state: (B, H), the hidden units; returns: (B, H).

    Source: Elman 1990.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.joined = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, features: Tensor, state: Tensor) -> Tensor:
        """The hidden units after the step."""
        return torch.tanh(self.joined(torch.cat([features, state], dim=1)))


class CustomLstmStep(nn.Module):
    """One step of an LSTM: what to forget, what to enter, the candidate, what to put out.

    Shape:
        features: (B, F); state: (B, 2 * H), hidden units and memory; returns: (B, 2 * H).

    Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000 (the forget gate).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.forgetting = nn.Linear(input_size + hidden_size, hidden_size)
        self.entering = nn.Linear(input_size + hidden_size, hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)
        self.output = nn.Linear(input_size + hidden_size, hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -UNIFORM_LIMIT, UNIFORM_LIMIT)

    def forward(self, features: Tensor, state: Tensor) -> Tensor:
        """Hidden units and memory after the step."""
        hidden, memory = torch.chunk(state, 2, dim=1)
        seen = torch.cat([features, hidden], dim=1)
        kept = torch.sigmoid(self.forgetting(seen)) * memory
        memory = kept + torch.sigmoid(self.entering(seen)) * torch.tanh(self.candidate(seen))
        hidden = torch.sigmoid(self.output(seen)) * torch.tanh(memory)
        return torch.cat([hidden, memory], dim=1)


class SimpleRnn(Written):
    """``nn.RNN``, batch first, written out.

    Shape:
        features: (B, T, F) or packed; state: (L * D, B, H), zeros by default.
        returns: (B, T, D * H) or packed, and the state after the last step.
    """

    make_sweep = staticmethod(swept(SimpleRnnStep))

    @overload
    def forward(self, features: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]: ...

    @overload  # type: ignore[no-redef]
    def forward(
        self, features: PackedSequence, state: Tensor | None = None
    ) -> tuple[PackedSequence, Tensor]: ...

    def forward(self, features: Any, state: Any = None) -> Any:  # type: ignore[no-redef]
        """The hidden units after every step, and after the last one."""
        if isinstance(features, PackedSequence):
            padded, visible, lengths = unpacked(features)
            before = self.fresh(padded) if state is None else state
            outputs, after = self.layers(padded, visible, before)
            return packed(outputs, lengths), after
        return self.layers(features, None, self.fresh(features) if state is None else state)


class CustomLstm(Written):
    """``nn.LSTM``, batch first, written out.

    Shape:
        features: (B, T, F) or packed; states: hidden units and memory, each (L * D, B, H), zeros
            by default.
        returns: (B, T, D * H) or packed, and both states after the last step.
    """

    make_sweep = staticmethod(swept(CustomLstmStep))
    n_states = 2

    @overload
    def forward(
        self, features: Tensor, states: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...

    @overload  # type: ignore[no-redef]
    def forward(
        self, features: PackedSequence, states: tuple[Tensor, Tensor] | None = None
    ) -> tuple[PackedSequence, tuple[Tensor, Tensor]]: ...

    def forward(self, features: Any, states: Any = None) -> Any:  # type: ignore[no-redef]
        """The hidden units after every step, and both states after the last one."""
        if isinstance(features, PackedSequence):
            padded, visible, lengths = unpacked(features)
            before = self.fresh(padded) if states is None else torch.cat(states, dim=2)
            outputs, after = self.layers(padded, visible, before)
            return packed(outputs, lengths), self.pair(after)
        before = self.fresh(features) if states is None else torch.cat(states, dim=2)
        outputs, after = self.layers(features, None, before)
        return outputs, self.pair(after)

    def pair(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden units and memory: (L * D, B, 2 * H) to two of (L * D, B, H)."""
        hidden, memory = torch.chunk(states, 2, dim=2)
        return hidden, memory
