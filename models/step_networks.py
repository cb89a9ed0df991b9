"""Networks that know one step: from what a series did, its next value, and so on step by step.

All of them work on numbers that are scaled already (``models/step_views.py``). Axis letters:
B batch, T time, N windows, W values a window, K blocks of a window, H hidden units, Q horizon.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from models.cells import recurrent

# Beyond this many scales no forecast wanders, so that iterating any network stays finite.
LARGEST = 1e4


class Dense(nn.Module):
    """Layers with ReLU between them, from a window to one number.

    Shape:
        windows: (N, K) float32; returns: (N,).
    """

    def __init__(self, n_inputs: int, hidden_sizes: Sequence[int]) -> None:
        super().__init__()
        sizes = [n_inputs, *hidden_sizes]
        layers: list[nn.Module] = []
        for size, following in pairwise(sizes):
            layers += [nn.Linear(size, following), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def forward(self, windows: Tensor) -> Tensor:
        """Predict what follows each window."""
        predicted: Tensor = self.layers(windows)
        return predicted.squeeze(1)


class Reader(nn.Module):
    """A recurrent cell that reads a window from an empty state, and a linear head.

    Shape:
        windows: (N, K) float32, oldest first; returns: (N,).

    Raises:
        ValueError: if ``cell`` is not one of ``models.cells.CELLS``.
    """

    def __init__(self, cell: str, hidden_size: int, n_layers: int = 1) -> None:
        super().__init__()
        self.cell = recurrent(cell, 1, hidden_size, n_layers=n_layers)
        self.head = nn.Linear(hidden_size, 1)

    def forward(self, windows: Tensor) -> Tensor:
        """Predict what follows each window."""
        outputs, _ = self.cell(windows.unsqueeze(2))  # (N, K, H)
        predicted: Tensor = self.head(outputs[:, -1])
        return predicted.squeeze(1)


class WindowNetwork(nn.Module):
    """Continue a series from its newest ``window`` values, given as means of ``block`` values.

    Raises:
        ValueError: if ``window`` is not a multiple of ``block``.
    """

    def __init__(self, body: nn.Module, window: int, *, block: int = 1) -> None:
        super().__init__()
        if window % block:
            raise ValueError(f"window must be a multiple of block, got {window} and {block}")
        self.body = body
        self.window = window
        self.block = block
        self.largest = LARGEST

    def predict(self, windows: Tensor) -> Tensor:
        """(N,) what follows windows (N, W)."""
        blocks = windows.reshape(windows.shape[0], -1, self.block).mean(2)  # (N, K)
        predicted: Tensor = self.body(blocks)
        return predicted

    def forward(self, scaled: Tensor, inside: Tensor, horizon: int) -> Tensor:
        """Continue a batch; a row shorter than the window is begun with its first value.

        Shape:
            scaled: (B, T) float32; inside: (B, T) bool, true from a row's first value on;
            returns: (B, Q).
        """
        track = newest_values(scaled, inside, self.window)
        steps: list[Tensor] = []
        for _ in range(horizon):
            following = self.predict(track).clamp(-self.largest, self.largest).unsqueeze(1)
            steps.append(following)
            track = torch.cat([track[:, 1:], following], 1)
        return torch.cat(steps, 1)


class SeriesNetwork(nn.Module):
    """Read the whole series step by step, then go on from its own forecasts.

    Raises:
        ValueError: if ``cell`` is not one of ``models.cells.CELLS``.
    """

    def __init__(self, cell: str, hidden_size: int, *, n_layers: int, relu: bool = False) -> None:
        super().__init__()
        self.cell = recurrent(cell, 1, hidden_size, n_layers=n_layers)
        self.relu = relu
        self.head = nn.Linear(hidden_size, 1)
        self.restart = RestartPair() if holds_pair(self.cell) else Restart()
        self.largest = LARGEST

    def sequence(self, scaled: Tensor) -> Tensor:
        """(B, T) what follows every step of full rows (B, T), each step knowing those before."""
        outputs, _ = self.cell(scaled.unsqueeze(2))
        return self.read(outputs)

    def read(self, outputs: Tensor) -> Tensor:
        """(B, T) predictions from the cell's outputs (B, T, H)."""
        hidden = outputs.relu() if self.relu else outputs
        predicted: Tensor = self.head(hidden)
        return predicted.squeeze(2)

    def forward(self, scaled: Tensor, inside: Tensor, horizon: int) -> Tensor:
        """Continue a batch; each row's state is empty until its first value.

        Shape:
            scaled: (B, T) float32; inside: (B, T) bool, true from a row's first value on;
            returns: (B, Q).
        """
        steps = scaled.unsqueeze(2)
        ragged = int(inside.to(torch.int64).argmax(1).max())  # steps before all rows have begun
        outputs, state = self.cell(steps[:, :1])
        for step in range(1, ragged + 1):
            state = self.restart(state, inside[:, step - 1])
            outputs, state = self.cell(steps[:, step : step + 1], state)
        if ragged + 1 < steps.shape[1]:
            outputs, state = self.cell(steps[:, ragged + 1 :], state)
        following = self.bounded(outputs)
        path = [following]
        for _ in range(1, horizon):
            outputs, state = self.cell(following.unsqueeze(2), state)
            following = self.bounded(outputs)
            path.append(following)
        return torch.cat(path, 1)

    def bounded(self, outputs: Tensor) -> Tensor:
        """(B, 1) the newest prediction, within ``LARGEST``."""
        return self.read(outputs[:, -1:]).clamp(-self.largest, self.largest)


class Restart(nn.Module):
    """Empty the state of rows that have not begun; the state is (L, B, H)."""

    def forward(self, state: Tensor, begun: Tensor) -> Tensor:
        """Keep the state of rows where ``begun`` (B,) is true."""
        return state * begun.unsqueeze(1)


class RestartPair(nn.Module):
    """The same for a cell whose state is a pair, as the LSTM's."""

    def forward(self, state: tuple[Tensor, Tensor], begun: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the states of rows where ``begun`` (B,) is true."""
        kept = begun.unsqueeze(1)
        return state[0] * kept, state[1] * kept


def holds_pair(cell: nn.Module) -> bool:
    """Whether the cell's state is a pair of tensors."""
    with torch.no_grad():
        return isinstance(cell(torch.zeros(1, 1, 1))[1], tuple)


def newest_values(scaled: Tensor, inside: Tensor, window: int) -> Tensor:
    """(B, W) the end of every row, its first value repeated in front where it is too short."""
    n_steps = scaled.shape[1]
    first = inside.to(torch.int64).argmax(1, keepdim=True)
    place = torch.arange(n_steps - window, n_steps, device=scaled.device).expand(len(scaled), -1)
    return scaled.gather(1, torch.maximum(place, first))


def initialise(network: nn.Module, how: str) -> None:
    """Set the weights afresh: ``he`` for the matrices of dense layers, ``orthogonal`` for cells'.

    Raises:
        ValueError: if ``how`` is not ``default``, ``he`` or ``orthogonal``.

    Source: He et al. 2015, arXiv:1502.01852; Saxe et al. 2013, arXiv:1312.6120.
    """
    if how not in INITIALISATIONS:
        raise ValueError(f"initialisation must be one of {INITIALISATIONS}, got {how!r}")
    for name, weights in network.named_parameters():
        if how == "he" and weights.dim() == 2:
            nn.init.kaiming_normal_(weights, nonlinearity="relu")
        elif how == "orthogonal" and "weight_" in name:
            nn.init.orthogonal_(weights)
        elif how != "default" and weights.dim() == 1:
            nn.init.zeros_(weights)


INITIALISATIONS = ("default", "he", "orthogonal")
