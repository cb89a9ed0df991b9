"""The figures of a training: the network next to baselines, on signals never trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from torch import nn

from models.manifest import DataSource, Metric
from training.transduce.baselines import Baselines
from training.transduce.config import TransducerTraining
from training.transduce.signals import Signals
from training.transduce.sources import Source
from training.transduce.task import relative_error, transduced

NETWORK = "network"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Errors on the test signals by who answered, and the answers for the plots."""

    signals: Signals
    outputs: Mapping[str, npt.NDArray[Any]]
    errors: Mapping[str, float]
    validation_error: float
    data: Sequence[DataSource]

    @property
    def error(self) -> float:
        """The network's."""
        return self.errors[NETWORK]

    @property
    def baselines(self) -> dict[str, float]:
        """The others'."""
        return {name: error for name, error in self.errors.items() if name != NETWORK}

    @property
    def strongest(self) -> str:
        """Name of the baseline with the smallest error."""
        return min(self.baselines, key=self.baselines.__getitem__)


def evaluate(network: nn.Module, source: Source) -> Evaluation:
    """Measure on the test signals; the baselines were fitted to others."""
    signals = source.test
    others = Baselines.fit(source.fitting).outputs(signals)
    outputs: dict[str, npt.NDArray[Any]] = {NETWORK: transduced(network, signals.inputs), **others}
    errors = {name: relative_error(found, signals) for name, found in outputs.items()}
    validation = transduced(network, source.validation.inputs)
    return Evaluation(
        signals, outputs, errors, relative_error(validation, source.validation), source.data
    )


def metrics_of(evaluation: Evaluation, config: TransducerTraining) -> list[Metric]:
    """The figures for the manifest."""
    data = config.data.name if config.data else "simulated sines"
    where = (
        "last rows of the file"
        if config.data
        else f"samples {config.settle} to {config.signal_length} of {config.n_measured} signals"
    )
    note = f"root mean square error in units of the outputs' own size; {where}"
    return [
        Metric("relative_error", data, "test", evaluation.error, evaluation.baselines, note),
        Metric("relative_error", data, "validation", evaluation.validation_error, {}, note),
    ]
