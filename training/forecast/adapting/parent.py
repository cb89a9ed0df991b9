"""The forecaster that is adapted: its network, and the options that it settles."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from models.forecaster import Forecaster
from training.devices import seed_everything
from training.fine_tuning.parent import (
    Parent,
    adapted_name,
    check_answers,
    find_parent,
    load_into,
)
from training.fine_tuning.settled import settled
from training.forecast.config import ForecastTraining
from training.forecast.evaluation import BATCH, as_inputs
from training.forecast.metrics import Case
from training.forecast.series import DETECT, Series
from training.forecast.task import make_network

# What a network is made of; it comes from the export.
ARCHITECTURE = ("cell", "hidden_size", "width", "horizon", "context_length")


@dataclass(frozen=True)
class Start:
    """The export to start from and the options, settled."""

    parent: Parent
    config: ForecastTraining
    data: Path
    trained: Forecaster

    def network(self) -> Forecaster:
        """A copy of the parent's network with its weights, to be changed."""
        return copy.deepcopy(self.trained).eval()

    def untrained(self) -> Forecaster:
        """The same network with random weights."""
        seed_everything(self.config.seed)
        return make_network(self.config)


def settle(config: ForecastTraining, data: Path) -> Start:
    """Find the export, check that its network answers as it should, and complete the options.

    Raises:
        DataError: there is no such export, it does not fit the code, or an option contradicts it.
    """
    parent = find_parent(str(config.from_), config.repository, "forecast")
    known = {name: parent.options[name] for name in ARCHITECTURE if name in parent.options}
    config = settled(config, known, parent.label)
    config = replace(config, name=config.name or adapted_name(parent, data))
    network = make_network(config)
    load_into(network, parent)
    check_answers(network, parent)
    return Start(parent, config, data, network)


def with_seasons(network: Forecaster, series: Sequence[Series]) -> list[Series]:
    """Let the network detect the seasons that nobody told, from first halves only."""
    unknown = [place for place, item in enumerate(series) if item.season_length == DETECT]
    found = list(series)
    for start in range(0, len(unknown), BATCH):
        places = unknown[start : start + BATCH]
        values, told = as_inputs([_first_half(series[place]) for place in places])
        with torch.inference_mode():
            _, _, period = network.eval()(values, told)
        for place, length in zip(places, period.tolist(), strict=True):
            found[place] = replace(series[place], season_length=length)
    return found


def _first_half(series: Series) -> Case:
    half = series.values[: max(1, len(series.values) // 2)]
    return Case(series.name, half, half[:0], DETECT)
