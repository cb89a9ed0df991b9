"""A recurrent network that reads an image row by row and names its class.

Axis letters as in ``models.cells``, and R rows, W pixels in a row, S steps, C classes.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from models.cells import last_valid, recurrent
from models.image_views import checked_views, mean_over_views, views_of
from models.row_bands import FilteredBands, RawBands, visible


@dataclass(frozen=True, kw_only=True)
class RowClassifierSizes:
    """What a row classifier is made of.

    With ``n_filters`` 0 every ``row_step``-th row is read as raw pixels, together with the
    ``n_neighbours`` rows above and below it; else through layers of small filters, whose rows of a
    step are their own.
    """

    cell: str = "min_gru"
    n_classes: int = 10
    image_width: int = 28
    hidden_size: int = 96
    n_layers: int = 1
    bidirectional: bool = True
    n_neighbours: int = 0
    row_step: int = 1
    n_filters: int = 16
    dropout: float = 0.1

    def __post_init__(self) -> None:
        sizes = (self.n_classes, self.image_width, self.hidden_size, self.n_layers, self.row_step)
        if min(sizes) < 1 or min(self.n_neighbours, self.n_filters) < 0:
            raise ValueError(
                "sizes, layers and row_step must be at least 1, n_neighbours and n_filters "
                "at least 0"
            )
        if self.n_filters and (self.n_neighbours, self.row_step) != (0, 1):
            raise ValueError(
                "n_neighbours and row_step are for raw rows, with n_filters 0: filters have rows "
                "of their own"
            )


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

    grey_spread: Final[float] = 79.0  # that of MNIST; any number near it will do

    def __init__(self, sizes: RowClassifierSizes) -> None:
        super().__init__()
        self.hidden_size = sizes.hidden_size
        self.bidirectional = sizes.bidirectional
        self.bands = _bands(sizes)
        self.row_step = self.bands.row_step
        self.sweeps = recurrent(
            sizes.cell,
            self.bands.n_features,
            sizes.hidden_size,
            n_layers=sizes.n_layers,
            bidirectional=sizes.bidirectional,
            dropout=sizes.dropout,
        )
        self.dropout = nn.Dropout(sizes.dropout)
        n_states = (2 if sizes.bidirectional else 1) * sizes.hidden_size
        self.head = nn.Linear(2 * n_states, sizes.n_classes)
        if isinstance(self.sweeps, nn.RNNBase):  # the hand-written cells bring their own start
            _initialise(self.sweeps, sizes.hidden_size, forget_gate=sizes.cell == "lstm")

    def forward(self, images: Tensor, row_counts: Tensor | None = None) -> Tensor:
        """Logits of every class."""
        scaled = images / self.grey_spread
        if row_counts is None:
            outputs, _ = self.sweeps(self.bands(scaled))  # (B, S, D * H)
            last = outputs[:, -1]
        else:
            outputs, last = self._sweep_padded(scaled, row_counts)
        if self.bidirectional:
            from_top, from_bottom = last[:, : self.hidden_size], outputs[:, 0, self.hidden_size :]
            last = torch.cat([from_top, from_bottom], dim=1)
        features = torch.cat([last, outputs.amax(dim=1)], dim=1)  # (B, 2 * D * H)
        logits: Tensor = self.head(self.dropout(features))
        return logits

    def _sweep_padded(self, scaled: Tensor, row_counts: Tensor) -> tuple[Tensor, Tensor]:
        bands = self.bands(scaled * visible(row_counts, scaled.size(1)), row_counts)
        counts = (row_counts + self.row_step - 1) // self.row_step
        packed = nn.utils.rnn.pack_padded_sequence(
            bands, counts.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_outputs, _ = self.sweeps(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=bands.size(1)
        )
        last = last_valid(outputs, counts)
        padding = visible(counts, bands.size(1)) == 0
        return outputs.masked_fill(padding, -1.0), last  # no unit responds below -1


class RowProbabilities(nn.Module):
    """What is exported: a classifier's logits as calibrated probabilities, averaged over views.

    Shape:
        images: (B, R, W) float32, 0..255; returns: (B, C) float32, rows sum to one.

    Raises:
        ValueError: ``temperature`` is not above 0, or ``n_views`` none of ``NUMBERS_OF_VIEWS``.

    Source: Guo et al. 2017, arXiv:1706.04599 (temperature scaling).
    """

    n_views: int

    def __init__(
        self, classifier: nn.Module, *, temperature: float = 1.0, n_views: int = 1
    ) -> None:
        super().__init__()
        if not temperature > 0.0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        self.classifier = classifier
        self.temperature = temperature
        self.n_views = checked_views(n_views)

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities of every class."""
        logits = self.classifier(views_of(images, self.n_views))  # (V * B, C)
        return mean_over_views(torch.softmax(logits / self.temperature, dim=1), self.n_views)


def _bands(sizes: RowClassifierSizes) -> RawBands | FilteredBands:
    if sizes.n_filters:
        return FilteredBands(sizes.image_width, n_filters=sizes.n_filters)
    return RawBands(sizes.image_width, reach=sizes.n_neighbours, row_step=sizes.row_step)


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
