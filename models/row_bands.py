"""What a row classifier sees at each step: a row with its neighbours, raw or through filters.

Axis letters as in ``models.row_classifier``, and S steps: with ``row_step`` n, every n-th row is
the middle of a band of rows that is read as one step. Rows outside the image are blank.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_FILTER_WIDTH, _FILTER_STEP = 5, 2  # pixels


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

    def forward(self, images: Tensor) -> Tensor:
        """Features of every step."""
        n_rows = images.size(1)
        padded = functional.pad(images, [0, 0, self.reach, self.reach])
        rows = [padded[:, i : i + n_rows : self.row_step] for i in range(2 * self.reach + 1)]
        return torch.cat(rows, dim=2)


class FilteredBands(nn.Module):
    """Slide small learned filters along each band, the same ones in every band.

    A stroke looks the same wherever it stands, so shared filters learn from fewer images.

    Shape:
        images: (B, R, W) float32, blank = 0; returns: (B, S, n_filters * ceil(W / 2)).
    """

    def __init__(self, image_width: int, *, reach: int, row_step: int, n_filters: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(
            1,
            n_filters,
            kernel_size=(2 * reach + 1, _FILTER_WIDTH),
            stride=(row_step, _FILTER_STEP),
            padding=(reach, _FILTER_WIDTH // 2),
        )
        self.n_features = n_filters * ((image_width - 1) // _FILTER_STEP + 1)

    def forward(self, images: Tensor) -> Tensor:
        """Features of every step."""
        responses = torch.relu(self.filters(images.unsqueeze(1)))  # (B, n_filters, S, W / 2)
        return responses.transpose(1, 2).flatten(2)
