"""What a row classifier sees at each step: a row with its neighbours, raw or through filters.

Axis letters as in ``models.row_classifier``, S steps, C features of a place: with ``row_step`` n,
every n-th row is the middle of a band of rows that is read as one step. Rows outside the image are
blank.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class RawBands(nn.Module):
    """Hand over the pixels of each band, row after row.

    Shape:
        images: (B, R, W) float32, blank = 0; returns: (B, S, (2 * reach + 1) * W).
    """

    def __init__(self, image_width: int, *, reach: int, row_step: int) -> None:
        super().__init__()
        self.reach = reach
        self.row_step = row_step
        self.n_features = (2 * reach + 1) * image_width

    def forward(self, images: Tensor, row_counts: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Features of every step; blank rows stay blank here, so their count changes nothing."""
        n_rows = images.size(1)
        padded = functional.pad(images, [0, 0, self.reach, self.reach])
        rows = [padded[:, i : i + n_rows : self.row_step] for i in range(2 * self.reach + 1)]
        return torch.cat(rows, dim=2)


class BandLayer(nn.Module):
    """A convolution, its responses normalised over the batch in training, negative ones cut off.

    Shape:
        features: (B, C, R, W), blank = 0; returns: (B, n_filters, ceil(R / step), ceil(W / step)).

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167 (batch normalisation).
    """

    def __init__(self, n_features: int, n_filters: int, *, size: int, step: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(
            n_features, n_filters, kernel_size=size, stride=step, padding=size // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(n_filters)

    def forward(self, features: Tensor) -> Tensor:
        """Responses of every filter."""
        return torch.relu(self.norm(self.filters(features)))


class FilteredBands(nn.Module):
    """Slide small learned filters along each band, the same ones in every band.

    A stroke looks the same wherever it stands, so shared filters learn from fewer images. Four
    layers of them: a step is four rows, seen together with the ``reach`` rows above and below.

    Shape:
        images: (B, R, W) float32, blank = 0; row_counts: (B,) int64 or None, as in
            ``RowClassifier``.
        returns: (B, ceil(R / 4), 3 * n_filters * ceil(W / 4)).
    """

    row_step = 4
    reach = 10

    def __init__(self, image_width: int, *, n_filters: int) -> None:
        super().__init__()
        narrow, middle, wide = n_filters, 2 * n_filters, 3 * n_filters
        self.steps = (2, 1, 2, 1)
        n_features = (1, narrow, middle, wide, wide)
        self.layers = nn.ModuleList(
            BandLayer(n_features[i], n_features[i + 1], size=size, step=self.steps[i])
            for i, size in enumerate((5, 3, 3, 3))
        )
        self.n_features = wide * -(-image_width // 4)

    def forward(self, images: Tensor, row_counts: Tensor | None = None) -> Tensor:
        """Features of every step."""
        features = images.unsqueeze(1)
        for layer, step in zip(self.layers, self.steps):  # noqa: B905  TorchScript knows no strict
            features = layer(features)
            if row_counts is not None:  # filters respond to blank rows, too
                row_counts = (row_counts + step - 1) // step
                features = features * visible(row_counts, features.size(2)).unsqueeze(1)
        return features.permute(0, 2, 1, 3).flatten(2)


def visible(counts: Tensor, length: int) -> Tensor:
    """One for every place before a row's count, zero from there on: (B, length, 1) float32."""
    positions = torch.arange(length, device=counts.device)
    return (positions < counts.unsqueeze(1)).unsqueeze(2).to(torch.float32)
