"""What reads the window itself: a recurrent cell over patches, or an MLP over the newest ones."""

import torch
from torch import Tensor, nn

from models.cells import CELLS, last_valid, recurrent
from models.forecast_views import Views
from models.forecast_window import PATCH, Window

ENCODERS = ("mlp", *sorted(CELLS))
N_CHANNELS = 3
LARGEST = 8.0  # outliers beyond this many scales are cut
MLP_PATCHES = 4


def make_encoder(cell: str, hidden_size: int) -> nn.Module:
    """Build the encoder of that name.

    Raises:
        ValueError: if ``cell`` is not one of ``ENCODERS``.
    """
    if cell not in ENCODERS:
        raise ValueError(f"cell must be one of {sorted(ENCODERS)}, got {cell!r}")
    if cell == "mlp":
        return MlpEncoder(hidden_size)
    return RecurrentEncoder(cell, hidden_size)


def make_patches(
    window: Window, views: Views, patch: int = PATCH, largest: float = LARGEST
) -> Tensor:
    """(P, B, F) runs of steps: the series, the series without its season, whether it is there."""
    adjusted = views.series[:, 2]
    channels = torch.stack([window.scaled, adjusted, window.inside.float()], 1)
    channels = channels.clamp(-largest, largest)  # (B, 3, T)
    split = channels.reshape(channels.shape[0], channels.shape[1], -1, patch)
    return split.permute(2, 0, 1, 3).flatten(2)


class RecurrentEncoder(nn.Module):
    """Read the patches oldest first; rows are shifted so that each starts at its first value."""

    def __init__(self, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.patch = PATCH
        self.cell = recurrent(cell, N_CHANNELS * PATCH, hidden_size)

    def forward(self, patches: Tensor, length: Tensor) -> Tensor:
        """Read a batch.

        Shape:
            patches: (P, B, F), right-aligned; length: (B,) int64 steps; returns (B, H).
        """
        n_patches = patches.shape[0]
        used = torch.div(length + self.patch - 1, self.patch, rounding_mode="floor")
        place = torch.arange(n_patches, device=patches.device).unsqueeze(1) + (n_patches - used)
        place = place.clamp(max=n_patches - 1).unsqueeze(2).expand_as(patches)
        # Steps first in memory is what recurrent layers want, batch first or not.
        outputs, _ = self.cell(patches.gather(0, place).transpose(0, 1))
        return last_valid(outputs, used)


class MlpEncoder(nn.Module):
    """Read the newest patches at once."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.n_patches = MLP_PATCHES
        self.layers = nn.Sequential(
            nn.Linear(MLP_PATCHES * N_CHANNELS * PATCH, hidden_size),
            nn.SiLU(),
            nn.Linear(hidden_size, hidden_size),
            nn.Tanh(),
        )

    def forward(self, patches: Tensor, length: Tensor) -> Tensor:  # noqa: ARG002 - as the others
        """Read a batch; shapes as in ``RecurrentEncoder``."""
        missing = max(self.n_patches - patches.shape[0], 0)
        padded = nn.functional.pad(patches, [0, 0, 0, 0, missing, 0])
        encoded: Tensor = self.layers(padded[-self.n_patches :].transpose(0, 1).flatten(1))
        return encoded
