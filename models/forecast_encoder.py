"""What reads the window itself: a recurrent cell over patches, or an MLP over the newest ones."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from models.cells import CELLS, last_valid, recurrent
from models.forecast_constants import number
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
    if cell == "gru":
        return GruEncoder(hidden_size)
    return RecurrentEncoder(cell, hidden_size)


def make_patches(
    window: Window, views: Views, patch: int = PATCH, largest: float = LARGEST
) -> Tensor:
    """(P, B, F) runs of steps: the series, the series without its season, whether it is there."""
    channels = torch.stack([window.scaled, views.series.select(0, 2), window.inside.float()])
    channels = channels.clamp_(-largest, largest)  # (3, B, T)
    split = channels.reshape(channels.shape[0], channels.shape[1], -1, patch)
    return split.permute(2, 1, 0, 3).flatten(2)


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


class GruEncoder(nn.Module):
    """Read the patches oldest first; the state of a row rests until its first value.

    The equations of ``nn.GRU``, whose weights these are, with a state ``g = (h + 1) / 2``: as
    ``tanh(x) = 2 * sigmoid(2 * x) - 1``, every gate is a sigmoid, several times as fast as a
    hyperbolic tangent. The factors go into the weights, which an export folds away.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.patch = PATCH
        self.resting = 0.5
        self.cell = nn.GRU(N_CHANNELS * PATCH, hidden_size, batch_first=True)

    def forward(self, patches: Tensor, length: Tensor) -> Tensor:
        """Read a batch; shapes as in ``RecurrentEncoder``."""
        n_patches, size = len(patches), self.cell.hidden_size
        gates = 2 * size
        from_patch: Tensor = self.cell.weight_ih_l0  # type: ignore[assignment]
        from_state: Tensor = self.cell.weight_hh_l0  # type: ignore[assignment]
        patch_bias: Tensor = self.cell.bias_ih_l0  # type: ignore[assignment]
        state_bias: Tensor = self.cell.bias_hh_l0  # type: ignore[assignment]
        state_bias = state_bias - from_state.sum(1)
        from_state = torch.cat([from_state[:gates], 2 * from_state[gates:]]).t().contiguous()
        gates_bias, new_bias = patch_bias[:gates] + state_bias[:gates], 2 * state_bias[gates:]
        gates_told = linear(patches, from_patch[:gates], gates_bias)  # (P, B, 2 * H)
        new_told = linear(patches, 2 * from_patch[gates:], 2 * patch_bias[gates:])
        told = torch.cat([gates_told, new_bias.expand_as(new_told)], 2)
        start = torch.div(n_patches * self.patch - length, self.patch, rounding_mode="floor")
        latest = int(start.max())
        state = torch.full_like(new_told[0], self.resting)
        for step in range(n_patches):
            # A factor of two, that of the state, also keeps the product and its sum one operation.
            both = torch.addmm(told[step], state, from_state, alpha=2)
            both.narrow(1, 0, gates).sigmoid_()
            new = both.narrow(1, gates, size)
            new = torch.addcmul(new_told[step], both.narrow(1, 0, size), new).sigmoid_()
            state = torch.addcmul(new, both.narrow(1, size, size), state - new)
            if step < latest:
                state = torch.where((start <= step).unsqueeze(1), state, self.resting)
        return state * number(2.0) - number(1.0)


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
        padded = pad(patches, [0, 0, 0, 0, missing, 0])
        encoded: Tensor = self.layers(padded[-self.n_patches :].transpose(0, 1).flatten(1))
        return encoded
