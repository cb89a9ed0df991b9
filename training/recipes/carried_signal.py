"""Recipes that turn a sine into a cosine, window after window, the state carried along."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.fused_twins import fused_twin
from models.handwritten_cells import CustomLstm, SimpleRnn
from models.manifest import Metric
from models.transducer import Transducer, TransducerSizes
from training.devices import seed_everything
from training.loop import History
from training.options import option
from training.recipes import carried_plots as plots
from training.recipes.config import RecipeTraining
from training.recipes.contract import Outcome, Plot
from training.transduce.tensors import golden_signals, transducer_inputs, transducer_outputs

LAST_WINDOWS = 20
GOLDEN_SAMPLES = 40


@dataclass(frozen=True, kw_only=True)
class CarriedSignalRecipe(RecipeTraining):
    """Settings of the recipes that map a sine to a cosine; a step is a window."""

    cell: str = option("lstm", "Recurrent cell.")
    hidden_size: int = option(20, "Hidden units.", minimum=1)
    n_points: int = option(100, "Samples of a window.", minimum=2)
    end_point: bool = option(
        True, "Sample the end of a window, which the next window's start repeats."
    )


@dataclass(frozen=True)
class Window:
    """A piece of the signal, of ``pi``; shape of both: (1, T) float32."""

    number: int
    sine: Tensor
    cosine: Tensor


def window_of(number: int, config: CarriedSignalRecipe) -> Window:
    """Window k spans [k pi, (k + 1) pi]."""
    start, end = number * math.pi, (number + 1) * math.pi
    time = np.linspace(start, end, config.n_points, endpoint=config.end_point)
    sine, cosine = (torch.from_numpy(f(time).astype(np.float32))[None] for f in (np.sin, np.cos))
    return Window(number, sine, cosine)


class Carrier(nn.Module):
    """A transducer with what a training carries from step to step, so that checkpoints hold it.

    ``state`` is that after the last window, ``losses`` the error of each window when it was met.
    """

    state: Tensor
    losses: Tensor

    def __init__(self, transducer: Transducer, n_windows: int) -> None:
        super().__init__()
        self.transducer = transducer
        self.register_buffer("state", torch.zeros(1, transducer.state_size))
        self.register_buffer("losses", torch.zeros(n_windows))

    def forward(self, window: Window) -> tuple[Tensor, Tensor]:
        """Outputs of a window that follows the last one, and the state after it."""
        lengths = torch.tensor([window.sine.size(1)])
        outputs: tuple[Tensor, Tensor] = self.transducer(window.sine, lengths, self.state.clone())
        return outputs


class CarriedSignalTask:
    """One window a step, in order; the state goes on, its gradient does not."""

    monitor = "mse_of_last_windows"
    goal: Literal["min", "max"] = "min"
    unit = "windows"

    def __init__(self, config: CarriedSignalRecipe) -> None:
        self._config = config
        self._met = 0
        seed_everything(config.seed)
        sizes = TransducerSizes(cell=config.cell, hidden_size=config.hidden_size)
        self.carrier = Carrier(Transducer(sizes), config.steps)
        self.network: nn.Module = self.carrier

    def batch(self, step: int) -> Window:
        """The window of this step."""
        return window_of(step, self._config)

    def size(self, batch: Window) -> int:
        """One."""
        del batch
        return 1

    def loss(self, batch: Window) -> Tensor:
        """Mean squared error of the window."""
        outputs, state = self.carrier(batch)
        loss = functional.mse_loss(outputs, batch.cosine)
        self.carrier.state.copy_(state.detach())
        self.carrier.losses[batch.number] = loss.detach()
        self._met = batch.number + 1
        return loss

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Mean error of the last windows, each as it was met, before it was learned from."""
        del network
        last = self.carrier.losses[max(0, self._met - LAST_WINDOWS) : self._met]
        return {self.monitor: float(last.mean())}


class CarriedSignalExperiment:
    """The endless sine, and a transducer that follows it."""

    def __init__(self, config: CarriedSignalRecipe) -> None:
        self._config = config
        self.task = CarriedSignalTask(config)

    def outcome(self, history: History) -> Outcome:
        """Error of the last windows, and of those that would follow without learning."""
        del history
        carrier, n_windows = self.task.carrier, self._config.steps
        following = [window_of(n_windows + i, self._config) for i in range(LAST_WINDOWS)]
        outputs = self._answers(following)
        truth = np.concatenate([window.cosine.numpy()[0] for window in following])
        losses = carrier.losses.numpy()
        figures = {
            "mse_of_last_20_windows": float(losses[-LAST_WINDOWS:].mean()),
            "mse_of_next_20_windows": float(((outputs - truth) ** 2).mean()),
            **self._against_torch(following),
        }
        transducer = carrier.transducer
        signal = torch.cat([window.sine for window in following], dim=1).numpy()
        return Outcome(
            graph=transducer,
            task="transduce",
            inputs=transducer_inputs(transducer.state_size),
            outputs=transducer_outputs(transducer.state_size),
            parameters=self._parameters(transducer),
            golden=golden_signals(
                np.stack([signal[0, i : i + GOLDEN_SAMPLES] for i in (0, 3, 7)]),
                transducer.state_size,
            ),
            figures=figures,
            metrics=[
                Metric(name, "sine to cosine", _split(name), value)
                for name, value in figures.items()
            ],
            plots=[
                Plot("Data", plots.data(signal[0], truth, self._config.n_points)),
                Plot("Error of each window", plots.error_by_window(losses)),
                Plot(
                    "Truth against prediction",
                    plots.comparison(truth, outputs, self._config.n_points),
                    "The windows after the training, the weights no longer changing.",
                ),
            ],
            licence="weights: Apache-2.0; trained on a computed sine only",
            tolerance=1e-5,
        )

    @torch.inference_mode()
    def _answers(self, windows: list[Window]) -> NDArray[np.float32]:
        signal = torch.cat([window.sine for window in windows], dim=1)
        lengths = torch.tensor([signal.size(1)])
        carrier = self.task.carrier
        outputs: Tensor = carrier.transducer(signal, lengths, carrier.state)[0]
        answers: NDArray[np.float32] = outputs[0].numpy()
        return answers

    @torch.inference_mode()
    def _against_torch(self, windows: list[Window]) -> dict[str, float]:
        """How far a hand-written cell is from torch's with the same weights."""
        layer = self.task.carrier.transducer.cell.cell.layer
        if not isinstance(layer, SimpleRnn | CustomLstm):
            return {}
        signal = torch.cat([window.sine for window in windows], dim=1).unsqueeze(2)
        twin = fused_twin(layer)
        difference = (layer(signal)[0] - twin(signal)[0]).abs().max()
        return {
            "difference_from_torch": float(difference),
            **{f"parameters_{cell}_to_rnn": ratio for cell, ratio in _ratios(twin).items()},
        }

    def _parameters(self, transducer: Transducer) -> dict[str, Any]:
        interval = math.pi / (self._config.n_points - int(self._config.end_point))
        return {
            "state_size": transducer.state_size,
            "description": "The cosine of a sine of amplitude 1.",
            "sample_interval": f"{interval:.6f} of the sine's argument",
        }


def _ratios(twin: nn.RNNBase) -> dict[str, float]:
    def count(kind: Callable[[int, int], nn.Module]) -> int:
        layer = kind(twin.input_size, twin.hidden_size)
        return sum(parameter.numel() for parameter in layer.parameters())

    return {"gru": count(nn.GRU) / count(nn.RNN), "lstm": count(nn.LSTM) / count(nn.RNN)}


def _split(figure: str) -> str:
    return "training" if "last" in figure else "after training"


OPTIONS = CarriedSignalRecipe


def prepare(config: CarriedSignalRecipe) -> CarriedSignalExperiment:
    """Build the network; the data is computed as it is needed."""
    return CarriedSignalExperiment(config)
