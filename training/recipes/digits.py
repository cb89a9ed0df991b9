"""Recipes that read MNIST: an image in steps through a recurrent cell, the last output decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.last_step_classifier import LastStepClassifier
from models.manifest import Metric, TensorSpec
from models.row_classifier import RowProbabilities
from training.devices import seed_everything
from training.digits import plots
from training.digits.data import DigitData, LabelledImages, load_digits
from training.digits.evaluation import class_prior, confusion, probabilities_of, score
from training.digits.task import logits_of, logits_of_views, shuffled
from training.loop import History
from training.options import option
from training.provenance import data_source
from training.recipes.config import RecipeTraining
from training.recipes.contract import Outcome, Plot

Batch = tuple[Tensor, Tensor]

N_GOLDEN = 4


@dataclass(frozen=True, kw_only=True)
class DigitsRecipe(RecipeTraining):
    """Settings of the recipes that read digits."""

    data: Path | None = option(None, "Folder with MNIST's four files.")
    cell: str = option("rnn", "Recurrent cell.")
    step_size: int = option(28, "Grey levels read at each step.", minimum=1)
    hidden_size: int = option(64, "Hidden units.", minimum=1)
    hold_out: bool = option(
        False, "Keep the validation images out of the training, to choose weights by them."
    )


class DigitsRecipeTask:
    """Images as they are, in batches; every one can be made again from the seed and the step."""

    monitor = "validation_accuracy"
    goal: Literal["min", "max"] = "max"
    unit = "images"

    def __init__(self, data: DigitData, config: DigitsRecipe) -> None:
        self._config = config
        part = data.training if config.hold_out else _joined(data.training, data.validation)
        self._images = torch.from_numpy(part.images.copy())
        self._labels = torch.from_numpy(part.labels)
        self._validation = data.validation
        seed_everything(config.seed)
        self.network: nn.Module = LastStepClassifier(
            config.cell,
            step_size=config.step_size,
            hidden_size=config.hidden_size,
            n_classes=len(data.classes),
        )

    def batch(self, step: int) -> Batch:
        """Images (B, 28, 28) uint8 and labels (B,) of this step."""
        config = self._config
        index = shuffled(step, config.batch_size, len(self._labels), config.seed)
        return self._images[index], self._labels[index]

    def size(self, batch: Batch) -> int:
        """Number of images."""
        return len(batch[1])

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy."""
        return functional.cross_entropy(self.network(batch[0].float()), batch[1])

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Accuracy on the validation images, which without ``hold_out`` are trained on too."""
        answers = logits_of(network, self._validation).argmax(dim=1).numpy()
        return {self.monitor: float((answers == self._validation.labels).mean())}


class DigitsExperiment:
    """MNIST, and the plainest recurrent classifier of it."""

    def __init__(self, config: DigitsRecipe) -> None:
        self._config = config
        self._data = load_digits(config.data, smoke=config.smoke)
        self.task = DigitsRecipeTask(self._data, config)

    def outcome(self, history: History) -> Outcome:
        """Accuracy on the test images."""
        del history
        data = self._data
        probabilities = probabilities_of(logits_of_views(self.task.network, data.test, 1))
        scores = score(probabilities, data.test.labels)
        prior = class_prior(data.training, len(data.classes), len(data.test))
        baseline = score(prior, data.test.labels).accuracy
        table = confusion(probabilities.argmax(axis=1), data.test.labels, len(data.classes))
        return Outcome(
            graph=RowProbabilities(self.task.network),
            task="classify",
            inputs=(TensorSpec("images", "float32", (-1, 28, 28), ("batch", "row", "column")),),
            outputs=(
                TensorSpec("probabilities", "float32", (-1, len(data.classes)), ("batch", "class")),
            ),
            parameters={"classes": list(data.classes), "image_size": 28},
            golden=[{"images": data.test.images[:N_GOLDEN].astype(np.float32)}],
            figures={
                "test_accuracy": scores.accuracy,
                "test_negative_log_likelihood": scores.negative_log_likelihood,
            },
            metrics=[Metric("accuracy", data.name, "test", scores.accuracy, {"prior": baseline})],
            plots=[
                Plot("Data", plots.gallery(list(data.training.images[:36])), "Training images."),
                Plot("Truth against answer", plots.confusion_matrix(table, data.classes)),
                Plot("Mistakes", plots.mistakes(data, probabilities), "The surest first."),
            ],
            data=[data_source(path, "training, test", data.licence) for path in data.sources],
            licence=data.licence and f"trained on {data.name}, {data.licence}",
        )


def _joined(first: LabelledImages, second: LabelledImages) -> LabelledImages:
    return LabelledImages(
        np.concatenate([first.images, second.images]),
        np.concatenate([first.labels, second.labels]),
    )


OPTIONS = DigitsRecipe


def prepare(config: DigitsRecipe) -> DigitsExperiment:
    """Read MNIST and build the network."""
    return DigitsExperiment(config)
