"""A recurrent network that maps a signal to a signal, sample by sample, and carries its state.

Axis letters as in ``models.cells``, and S numbers of a state.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.carried_cell import RaggedCell, carried
from models.running_scale import RunningScale


@dataclass(frozen=True, kw_only=True)
class TransducerSizes:
    """What a transducer is made of.

    ``scale_half_life``: samples in which the running scale forgets half of a peak; 0 for no
    running scale, so that the network sees the samples themselves.
    """

    cell: str = "lstm"
    hidden_size: int = 20
    n_layers: int = 1
    scale_half_life: float = 0.0

    def __post_init__(self) -> None:
        if min(self.hidden_size, self.n_layers) < 1 or self.scale_half_life < 0:
            raise ValueError(
                "hidden_size and n_layers must be at least 1, scale_half_life at least 0"
            )


class Transducer(nn.Module):
    """One output for every sample, from that sample and all before it.

    A row's answer depends on nothing but its own samples and its own state: not on padding, not on
    its neighbours, not on where a signal was cut into requests.

    Shape:
        signals: (B, T) float32, padded on the right with anything finite.
        lengths: (B,) int64, 0..T, samples that are real.
        states: (B, S) float32, zeros for a fresh start; S is ``state_size``.
        returns: outputs (B, T), zero beyond a row's length, and the states after its last real
            sample, (B, S); both float32.

    Raises:
        ValueError: for an unknown cell or sizes below their bounds.

    Source: Elman 1990 (an output at every step); Hochreiter & Schmidhuber 1997 (LSTM).
    """

    input_scale: Tensor
    output_scale: Tensor
    input_loc: Tensor
    output_loc: Tensor

    def __init__(self, sizes: TransducerSizes) -> None:
        super().__init__()
        running = sizes.scale_half_life > 0
        cell = carried(sizes.cell, 2 if running else 1, sizes.hidden_size, sizes.n_layers)
        self.cell = RaggedCell(cell, sizes.hidden_size)
        self.scale = RunningScale(sizes.scale_half_life) if running else None
        self.head = nn.Linear(sizes.hidden_size, 1)
        self.cell_state_size = cell.state_size
        self.state_size = cell.state_size + int(running)
        for name, value in (("loc", 0.0), ("scale", 1.0)):
            self.register_buffer(f"input_{name}", torch.tensor(value))
            self.register_buffer(f"output_{name}", torch.tensor(value))

    def set_units(self, signals: tuple[float, float], outputs: tuple[float, float]) -> None:
        """Fix the (loc, scale) in which the network sees signals, and gives outputs."""
        self.input_loc.fill_(signals[0])
        self.input_scale.fill_(signals[1])
        self.output_loc.fill_(outputs[0])
        self.output_scale.fill_(outputs[1])

    def forward(self, signals: Tensor, lengths: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs, and the states with which the signals go on."""
        standard = (signals - self.input_loc) / self.input_scale
        cell_states = states[:, : self.cell_state_size]
        if self.scale is not None:
            features, scales = self.scale(standard, states[:, self.cell_state_size :])
            hidden, after = self.cell(features, lengths, cell_states)
            outputs = self.head(hidden).squeeze(2) * scales[:, 1:]
            after = torch.cat([after, scales.gather(1, lengths.unsqueeze(1))], dim=1)
        else:
            hidden, after = self.cell(standard.unsqueeze(2), lengths, cell_states)
            outputs = self.head(hidden).squeeze(2)
        real = torch.arange(signals.size(1), device=signals.device) < lengths.unsqueeze(1)
        outputs = outputs * self.output_scale + self.output_loc
        return torch.where(real, outputs, torch.zeros_like(outputs)), after
