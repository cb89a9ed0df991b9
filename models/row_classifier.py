"""A recurrent network that reads an image row by row and names its class.

Axis letters as in ``models.cells``, and R rows, W pixels in a row, C classes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.cells import last_valid, recurrent


@dataclass(frozen=True, kw_only=True)
class RowClassifierSizes:
    """What a row classifier is made of.

    Each row is read together with the ``n_neighbours`` rows above and below it.
    """

    cell: str = "lstm"
    n_classes: int = 10
    image_width: int = 28
    hidden_size: int = 128
    n_layers: int = 2
    bidirectional: bool = True
    n_neighbours: int = 1
    dropout: float = 0.1

    def __post_init__(self) -> None:
        sizes = (self.n_classes, self.image_width, self.hidden_size, self.n_layers)
        if min(sizes) < 1 or self.n_neighbours < 0:
            raise ValueError("sizes and layers must be at least 1, n_neighbours at least 0")


class RowClassifier(nn.Module):
    """Read an image row by row, from the top, from the bottom or both; then decide.

    The decision looks at the state after the last row of each direction, and at the strongest
    response of every unit along the way.

    Shape:
        images: (B, R, W) float32, 0..255, bright ink on black.
        row_counts: (B,) int64, 1..R, or None: rows from there on are padding and change nothing.
        returns: (B, C) float32 logits.

    Raises:
        ValueError: for an unknown cell.

    Source: Visin et al. 2015, arXiv:1505.00393 (ReNet: images read by recurrent sweeps).
    """

    def __init__(self, sizes: RowClassifierSizes) -> None:
        super().__init__()
        self.n_neighbours = sizes.n_neighbours
        self.hidden_size = sizes.hidden_size
        self.bidirectional = sizes.bidirectional
        # Mean and spread of MNIST's grey levels, rounded: any fixed numbers near them will do.
        self.grey_mean, self.grey_spread = 33.0, 79.0
        self.sweeps = recurrent(
            sizes.cell,
            sizes.image_width * (2 * sizes.n_neighbours + 1),
            sizes.hidden_size,
            n_layers=sizes.n_layers,
            bidirectional=sizes.bidirectional,
            dropout=sizes.dropout,
        )
        self.dropout = nn.Dropout(sizes.dropout)
        n_states = (2 if sizes.bidirectional else 1) * sizes.hidden_size
        self.head = nn.Linear(2 * n_states, sizes.n_classes)
        _initialise(self.sweeps, sizes.hidden_size, forget_gate=sizes.cell == "lstm")

    def forward(self, images: Tensor, row_counts: Tensor | None = None) -> Tensor:
        """Logits of every class."""
        if row_counts is None:
            outputs, _ = self.sweeps(self._with_neighbours(images))  # (B, R, D * H)
            last = outputs[:, -1]
        else:
            visible = _visible(row_counts, images.size(1))
            rows = self._with_neighbours(images * visible)
            packed = nn.utils.rnn.pack_padded_sequence(
                rows, row_counts.cpu(), batch_first=True, enforce_sorted=False
            )
            packed_outputs, _ = self.sweeps(packed)
            outputs, _ = nn.utils.rnn.pad_packed_sequence(
                packed_outputs, batch_first=True, total_length=images.size(1)
            )
            last = last_valid(outputs, row_counts)
            outputs = outputs.masked_fill(visible == 0, -1.0)  # no unit responds below -1
        if self.bidirectional:
            from_top, from_bottom = last[:, : self.hidden_size], outputs[:, 0, self.hidden_size :]
            last = torch.cat([from_top, from_bottom], dim=1)
        features = torch.cat([last, outputs.amax(dim=1)], dim=1)  # (B, 2 * D * H)
        logits: Tensor = self.head(self.dropout(features))
        return logits

    def _with_neighbours(self, images: Tensor) -> Tensor:
        reach = self.n_neighbours
        n_rows = images.size(1)
        scaled = nn.functional.pad(images, [0, 0, reach, reach])  # blank rows outside
        scaled = (scaled - self.grey_mean) / self.grey_spread
        shifted = [scaled[:, i : i + n_rows] for i in range(2 * reach + 1)]
        return torch.cat(shifted, dim=2)  # (B, R, (2 * reach + 1) * W)


class RowProbabilities(nn.Module):
    """What is exported: a row classifier's logits as calibrated probabilities.

    Shape:
        images: (B, R, W) float32, 0..255; returns: (B, C) float32, rows sum to one.

    Source: Guo et al. 2017, arXiv:1706.04599 (temperature scaling).
    """

    def __init__(self, classifier: RowClassifier, *, temperature: float = 1.0) -> None:
        super().__init__()
        if not temperature > 0.0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        self.classifier = classifier
        self.temperature = temperature

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities of every class."""
        return torch.softmax(self.classifier(images) / self.temperature, dim=1)


def _visible(row_counts: Tensor, n_rows: int) -> Tensor:
    positions = torch.arange(n_rows, device=row_counts.device)
    return (positions < row_counts.unsqueeze(1)).unsqueeze(2).to(torch.float32)  # (B, R, 1)


def _initialise(sweeps: nn.RNNBase, hidden_size: int, *, forget_gate: bool) -> None:
    """Orthogonal recurrence and open forget gates: gradients reach the first row at once.

    Source: Saxe et al. 2014, arXiv:1312.6120; Jozefowicz et al. 2015 (forget-gate bias of 1).
    """
    for name, parameter in sweeps.named_parameters():
        if name.startswith("weight_hh"):
            for gate in torch.split(parameter.detach(), hidden_size):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.zeros_(parameter)
            if forget_gate and name.startswith("bias_ih"):
                parameter.detach()[hidden_size : 2 * hidden_size] = 1.0
