"""Where a training's signals come from: the simulator, or a table of the user's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from models.manifest import DataSource
from training.devices import step_generator
from training.errors import DataError
from training.provenance import data_source
from training.transduce.columns import read_columns
from training.transduce.config import TransducerTraining
from training.transduce.signals import Floats, Signals, sines

Unit = tuple[float, float]
VALIDATION, TEST, FILTER = 1, 2, 3  # streams of random numbers besides that of training


class Source(Protocol):
    """Signals to train on, by number, and those to choose and to measure with.

    ``units`` are (loc, scale) of inputs and of outputs; ``fitting`` is what baselines may see.
    """

    units: tuple[Unit, Unit]
    validation: Signals
    test: Signals
    fitting: Signals
    data: Sequence[DataSource]

    def batch(self, number: int) -> Signals:
        """The signals of one batch, the same for the same number."""


class Simulated:
    """Sines, new ones for every batch."""

    def __init__(self, config: TransducerTraining) -> None:
        self._config = config
        self.units: tuple[Unit, Unit] = ((0.0, 1.0), (0.0, 1.0))
        self.data: Sequence[DataSource] = ()
        self.validation, self.test, self.fitting = map(self._fixed, (VALIDATION, TEST, FILTER))

    def batch(self, number: int) -> Signals:
        """New sines."""
        config = self._config
        return sines(
            config.batch_size,
            config.signal_length,
            0,  # how to start is learned as well
            step_generator(config.seed, number),
        )

    def _fixed(self, stream: int) -> Signals:
        config = self._config
        generator = np.random.default_rng([config.seed, 0, stream])
        return sines(config.n_measured, config.signal_length, config.settle, generator)


@dataclass(eq=False)
class Recorded:
    """A table, cut in time: trained on up to ``train_end``, chosen on the next, then measured."""

    inputs: Floats
    targets: Floats
    config: TransducerTraining
    data: Sequence[DataSource] = field(default=())

    def __post_init__(self) -> None:
        n_samples, config = len(self.inputs), self.config
        held_out = int(n_samples * config.held_out_share)
        self.train_end = n_samples - held_out
        if held_out < 4 or self.train_end < config.signal_length:
            raise DataError(
                f"{n_samples} samples are too few to train on {config.windows} windows of "
                f"{config.window_length}: give more rows, or lower --windows or --window-length"
            )
        middle = self.train_end + held_out // 2
        self.units = (_unit(self.inputs[: self.train_end]), _unit(self.targets[: self.train_end]))
        # Whole from the start, as the state comes from there; only the end counts.
        self.fitting = self._scored(0, self.train_end)
        self.validation = self._scored(self.train_end, middle)
        self.test = self._scored(middle, n_samples)

    def batch(self, number: int) -> Signals:
        """Stretches that begin anywhere in the part to train on."""
        config = self.config
        last = self.train_end - config.signal_length
        generator = step_generator(config.seed, number)
        starts = generator.integers(0, last + 1, config.batch_size)
        rows = starts[:, None] + np.arange(config.signal_length)  # (N, T)
        scale = np.full(config.batch_size, self.units[1][1], dtype=np.float32)
        return Signals(self.inputs[rows], self.targets[rows], np.ones(rows.shape, np.bool_), scale)

    def _scored(self, start: int, end: int) -> Signals:
        scored = np.arange(end) >= start
        scale = np.array([self.units[1][1]], dtype=np.float32)
        return Signals(self.inputs[None, :end], self.targets[None, :end], scored[None], scale)


def _unit(values: Floats) -> Unit:
    return float(values.mean()), max(float(values.std()), 1e-12)


def load_source(config: TransducerTraining) -> Source:
    """The simulator, or what ``--data`` names.

    Raises:
        DataError: the file makes no sense, or holds too few samples.
    """
    if config.data is None:
        return Simulated(config)
    inputs, targets = read_columns(config.data, config.input_column, config.output_column)
    return Recorded(inputs, targets, config, (data_source(config.data, "training"),))
