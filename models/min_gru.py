"""A gated cell whose gates look at the input only, so that all steps' gates are one product.

It is used like ``nn.GRU``. Axis letters as in ``models.cells``.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch._jit_internal import _overload_method as overload  # as in torch.nn: packed or not
from torch.nn.utils.rnn import PackedSequence

from models.sweeps import Written, packed, unpacked


class MinGruSweep(nn.Module):
    """One direction: the state moves towards each step's candidate as far as its gate is open.

    The gates of all steps are computed at once and only the moving goes step by step, which is a
    fraction of a GRU's work. Computed in float32, whatever the precision of the products.

    Shape:
        features: (B, T, F); visible: (B, T) bool or None; state: (B, H).
        returns: (B, T, H) and the state after the last visible step.

    Source: Feng et al. 2024, arXiv:2410.01201 (minGRU), with tanh on the candidate.
    """

    def __init__(self, input_size: int, hidden_size: int, *, backwards: bool) -> None:
        super().__init__()
        self.gates = nn.Linear(input_size, 2 * hidden_size)
        self.backwards = backwards
        nn.init.xavier_uniform_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)

    def forward(
        self, features: Tensor, visible: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The hidden units after every step, and the last state."""
        gate, candidate = torch.chunk(self.gates(features).float(), 2, dim=2)
        gate, candidate = torch.sigmoid(gate), torch.tanh(candidate)
        if visible is not None:
            gate = gate * visible.unsqueeze(2)
        gates, candidates = gate.unbind(1), candidate.unbind(1)
        state = state.float()
        outputs: list[Tensor] = []
        for number in range(len(gates)):
            at = len(gates) - 1 - number if self.backwards else number
            state = torch.lerp(state, candidates[at], gates[at])
            outputs.append(state)
        if self.backwards:
            outputs.reverse()
        return torch.stack(outputs, dim=1), state


class MinGru(Written):
    """Layers of ``MinGruSweep``, used like a batch-first ``nn.GRU``.

    Shape:
        features: (B, T, F) or packed; state: (L * D, B, H), zeros by default.
        returns: (B, T, D * H) or packed, and the state after the last step.
    """

    make_sweep = MinGruSweep

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
