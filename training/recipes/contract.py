"""What a family of recipes gives the runner, and where the families are found.

A family is a module with two names: ``OPTIONS``, its configuration class, and ``prepare``, which
makes an ``Experiment`` of a configuration. Adding a family is a module and a line here; adding a
recipe to a family is a TOML file.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy.typing as npt
from matplotlib.figure import Figure
from torch import nn

from models.manifest import DataSource, Method, Metric, Task, TensorSpec
from training.errors import DataError
from training.loop import History, TrainingTask
from training.recipes.config import RecipeTraining

FAMILIES = {
    "carried-signal": "training.recipes.carried_signal",
    "digits": "training.recipes.digits",
    "next-value": "training.recipes.next_value",
    "sonnet": "training.recipes.sonnet",
}


@dataclass(frozen=True)
class Plot:
    """A picture of the report; ``note`` says how to read it."""

    heading: str
    figure: Figure
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a trained experiment measured, and all that its export needs.

    ``figures`` are by name; the recipe's TOML names the one that counts. The remaining fields are
    those of ``training.export.Draft``.
    """

    graph: nn.Module
    task: Task
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parameters: Mapping[str, Any]
    golden: Sequence[Mapping[str, npt.NDArray[Any]]]
    figures: Mapping[str, float]
    metrics: Sequence[Metric]
    plots: Sequence[Plot] = ()
    data: Sequence[DataSource] = ()
    licence: str = "weights: Apache-2.0"
    files: Mapping[str, bytes] = field(default_factory=dict)
    tolerance: float = 1e-4
    methods: Mapping[str, Method] = field(default_factory=dict)
    method_golden: Mapping[str, Sequence[Mapping[str, npt.NDArray[Any]]]] = field(
        default_factory=dict
    )


class Experiment(Protocol):
    """A recipe with its data read: something to train, then something to measure."""

    @property
    def task(self) -> TrainingTask[Any]:
        """What the shared loop trains."""

    def outcome(self, history: History) -> Outcome:
        """Measure the trained network; ``history`` is what the loop returned."""


class Family(Protocol):
    """The module of a family."""

    OPTIONS: type[RecipeTraining]
    prepare: Callable[[Any], Experiment]


def family_named(name: str) -> Family:
    """Import the family.

    Raises:
        DataError: there is none of this name.
    """
    if name not in FAMILIES:
        raise DataError(f"family must be one of {sorted(FAMILIES)}, got {name!r}")
    return cast(Family, importlib.import_module(FAMILIES[name]))
