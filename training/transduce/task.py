"""What the training loop needs to know of signals: windows in a row, their state carried along."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.transducer import Transducer, TransducerSizes
from training.devices import seed_everything
from training.transduce.config import TransducerTraining
from training.transduce.signals import Floats, Signals
from training.transduce.sources import Source


@dataclass(frozen=True, eq=False)
class Window:
    """Signals up to the end of a window; what comes before ``start`` has been trained on."""

    signals: Signals
    number: int
    start: int


class TransducerTask:
    """Truncated backpropagation through time: a step of the optimiser for every window.

    The state goes on from window to window, but no gradient flows back through it. Where it is
    not at hand, as after ``--resume``, it is computed again from the start of the signals.

    Source: Williams & Peng 1990 (truncated backpropagation through time).
    """

    monitor = "validation_error"
    goal: Literal["min", "max"] = "min"
    unit = "samples"

    def __init__(self, source: Source, config: TransducerTraining) -> None:
        self._source = source
        self._config = config
        seed_everything(config.seed)
        self.trained = Transducer(sizes_of(config))
        if not config.running:
            self.trained.set_units(*source.units)
        self.network: nn.Module = self.trained
        self._signals: tuple[int, Signals] | None = None
        self._states: tuple[int, Tensor] | None = None

    def batch(self, step: int) -> Window:
        """The window of this step."""
        group, window = divmod(step, self._config.windows)
        if self._signals is None or self._signals[0] != group:
            self._signals = (group, self._source.batch(group))
        length = self._config.window_length
        part = self._signals[1].window(0, (window + 1) * length)
        return Window(part, step, window * length)

    def size(self, batch: Window) -> int:
        """Samples trained on."""
        return batch.signals.inputs[:, batch.start :].size

    def loss(self, batch: Window) -> Tensor:
        """Mean squared error over the window, each signal in units of its own."""
        device = self.trained.head.weight.device
        inputs = torch.from_numpy(batch.signals.inputs[:, batch.start :]).to(device)
        targets = torch.from_numpy(batch.signals.targets[:, batch.start :]).to(device)
        scale = torch.from_numpy(batch.signals.scale).to(device).unsqueeze(1)
        outputs, states = self.trained(inputs, _whole(inputs), self._states_before(batch, device))
        self._states = (batch.number, states.detach())
        error: Tensor = (((outputs - targets) / scale) ** 2).mean()
        return error

    def _states_before(self, batch: Window, device: torch.device) -> Tensor:
        fresh = torch.zeros(len(batch.signals.inputs), self.trained.state_size, device=device)
        if batch.start == 0:
            return fresh
        if self._states and self._states[0] == batch.number - 1:
            return self._states[1]
        before = torch.from_numpy(batch.signals.inputs[:, : batch.start]).to(device)
        with torch.no_grad():
            states: Tensor = self.trained(before, _whole(before), fresh)[1]
        return states

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Root mean square error on the signals to choose by, relative to their size."""
        signals = self._source.validation
        return {self.monitor: relative_error(transduced(network, signals.inputs), signals)}


def sizes_of(config: TransducerTraining) -> TransducerSizes:
    """The network that the options describe."""
    return TransducerSizes(
        cell=config.cell,
        hidden_size=config.hidden_size,
        n_layers=config.n_layers,
        scale_half_life=config.scale_half_life if config.running else 0.0,
    )


def transduced(network: nn.Module, inputs: Floats) -> Floats:
    """What ``network`` answers to whole signals from a fresh start.

    Shape:
        inputs: (N, T); returns: (N, T).
    """
    assert isinstance(network, Transducer)  # noqa: S101 - for the type checker
    device = network.head.weight.device
    signals = torch.from_numpy(np.ascontiguousarray(inputs)).to(device)
    states = torch.zeros(len(inputs), network.state_size, device=device)
    with torch.inference_mode():
        outputs, _ = network(signals, _whole(signals), states)
    found: Floats = outputs.cpu().numpy()
    return found


def relative_error(outputs: npt.NDArray[np.floating], signals: Signals) -> float:
    """Root mean square error over what is scored, in units of each signal."""
    errors = (outputs - signals.targets) / signals.scale[:, None]
    return float(np.sqrt((errors[signals.scored].astype(np.float64) ** 2).mean()))


def _whole(signals: Tensor) -> Tensor:
    return torch.full((signals.size(0),), signals.size(1), device=signals.device)
