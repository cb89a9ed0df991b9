"""The trainings behind a recommendation: adapted and from scratch, on the same images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from models.row_classifier import RowClassifier
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.evaluation import best_temperature
from training.digits.folds import Folds
from training.digits.grafting import fit_head, grafted
from training.digits.task import DigitsTask, logits_of_views
from training.fine_tuning.parent import Parent
from training.fine_tuning.stages import stages
from training.loop import History, fit

Kind = Literal["adapted", "scratch"]


@dataclass(frozen=True)
class Trial:
    """A network, how it learned, and what it says of the images held out from it.

    ``logits`` are (V, N, C): of every view over which the export would average its answers.
    """

    network: RowClassifier
    history: History
    logits: Tensor
    temperature: float


class AdaptingTask(DigitsTask):
    """As for digits, but beginning with the layers of an export and a head fitted to them."""

    def __init__(self, data: DigitData, config: DigitsTraining, parent: Parent) -> None:
        super().__init__(data, config)
        network = grafted(parent, config, data.classes)
        self.n_head_images = fit_head(network, data.training, config)
        self.network = network


class Trials:
    """Trains what is compared, in folders of its own below the run's; finished ones are kept."""

    def __init__(self, parent: Parent, config: DigitsTraining, folds: Folds) -> None:
        self._parent = parent
        self._folds = folds
        self._head_steps = 0
        names = [f"{kind}-{i}" for kind in ("adapted", "scratch") for i in range(len(folds.parts))]
        self._stages = stages(config, [*names, "adapted-all"])

    def adapted(self) -> list[Trial]:
        """One for each part."""
        return [self._train("adapted", i, part) for i, part in enumerate(self._folds.parts)]

    def from_scratch(self) -> list[Trial]:
        """The same network from random weights, with the steps that the adapted one's time buys."""
        return [self._train("scratch", i, part) for i, part in enumerate(self._folds.parts)]

    def final(self, adapted: Sequence[Trial]) -> Trial:
        """What is exported: with cross-validation, a training on every image."""
        if self._folds.final is None:
            return adapted[0]
        return self._train("adapted", "all", self._folds.final)

    def _train(self, kind: Kind, number: int | str, data: DigitData) -> Trial:
        config = self._of_part(data, f"{kind}-{number}")
        if kind == "adapted":
            task: DigitsTask = AdaptingTask(data, config, self._parent)
            self._head_steps = steps_of_head(task.n_head_images, config.batch_size)  # type: ignore[attr-defined]
        else:
            config = from_scratch_with(config, self._head_steps)
            task = DigitsTask(data, config)
        history = fit(task, config, title=f"{config.name.replace('/', ', ')}")
        network = task.network
        assert isinstance(network, RowClassifier)  # noqa: S101  for the type checker
        seen = torch.from_numpy(data.validation.labels)
        n_views = config.views
        temperature = best_temperature(logits_of_views(network, data.validation, n_views), seen)
        return Trial(network, history, logits_of_views(network, data.test, n_views), temperature)

    def _of_part(self, data: DigitData, name: str) -> DigitsTraining:
        config = self._stages[name]
        steps = min(config.steps, config.max_epochs * -(-len(data.training) // config.batch_size))
        warmup = min(config.warmup_steps, steps // 10)
        return replace(config, steps=steps, warmup_steps=warmup)


def steps_of_head(n_images: int, batch_size: int) -> int:
    """Steps that the head's fit is worth: its images went forwards only, a third of a step."""
    return -(-n_images // (3 * batch_size))


def from_scratch_with(config: DigitsTraining, extra_steps: int) -> DigitsTraining:
    """The family's own rate and warm-up, and as many steps as the other took with its head."""
    steps = config.steps + extra_steps
    rate = float(DigitsTraining().learning_rate)
    return replace(config, steps=steps, learning_rate=rate, warmup_steps=steps // 10)


def calibrated(trials: Sequence[Trial], folds: Folds) -> tuple[Tensor, float]:
    """Logits (V, N, C) of all judged images over their temperature, and that of the export.

    In cross-validation the temperature of a part is chosen on the other parts' images.
    """
    logits = [trial.logits for trial in trials]
    if not folds.crossed:
        return logits[0] / trials[0].temperature, trials[0].temperature
    labels = [torch.from_numpy(part.test.labels) for part in folds.parts]
    cooled = [
        logits[i] / _temperature(_all_but(logits, i), _all_but(labels, i))
        for i in range(len(logits))
    ]
    return torch.cat(cooled, dim=1), _temperature(logits, labels)


def _temperature(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> float:
    """The best one for the images of several parts."""
    return best_temperature(torch.cat(list(logits), dim=1), torch.cat(list(labels)))


def _all_but(tensors: Sequence[Tensor], left_out: int) -> list[Tensor]:
    return [tensor for i, tensor in enumerate(tensors) if i != left_out]
