from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.last_step_classifier import LastStepClassifier
from tests.training.digits.pictures import write_idx
from training.digits.data import load_digits
from training.digits.task import shuffled
from training.loop import fit
from training.recipes.digits import DigitsExperiment, DigitsRecipe, DigitsRecipeTask


def config(folder: Path, **changes: Any) -> DigitsRecipe:
    data = folder / "mnist"
    if not data.is_dir():
        write_idx(data)
    settings: dict[str, Any] = {"hidden_size": 9, "batch_size": 8, "steps": 6, "validate_every": 3}
    return DigitsRecipe(data=data, runs=folder, **(settings | changes))


def test_every_round_reads_each_image_once() -> None:
    n_images, size = 10, 4
    read = torch.cat([shuffled(step, size, n_images, 0) for step in range(5)])
    first, second = read[:n_images].tolist(), read[n_images:].tolist()
    assert sorted(first) == sorted(second) == list(range(n_images))
    assert first != second


def test_all_training_images_are_read_unless_some_are_held_out(tmp_path: Path) -> None:
    settings = config(tmp_path)
    data = load_digits(settings.data)
    n_training, n_validation = len(data.training), len(data.validation)
    everything = DigitsRecipeTask(data, settings)
    held_out = DigitsRecipeTask(data, config(tmp_path, hold_out=True))
    assert len(everything._labels) == n_training + n_validation
    assert len(held_out._labels) == n_training


@pytest.mark.parametrize(("step_size", "n_steps"), [(28, 28), (784, 1)])
def test_an_image_is_read_in_steps_of_the_size_asked_for(step_size: int, n_steps: int) -> None:
    network = LastStepClassifier("rnn", step_size=step_size, hidden_size=5, n_classes=3)
    images = torch.randint(0, 256, (2, 28, 28)).float()
    steps = (images / 255).reshape(2, n_steps, step_size)
    outputs, _ = network.cell(steps)
    torch.testing.assert_close(network(images), network.head(outputs[:, -1]))
    assert network(images).shape == (2, 3)


def test_the_outcome_is_measured_on_test_images(tmp_path: Path) -> None:
    settings = config(tmp_path, steps=80, learning_rate=0.01)
    experiment = DigitsExperiment(settings)
    outcome = experiment.outcome(fit(experiment.task, settings))
    data = load_digits(settings.data)
    images = torch.from_numpy(data.test.images.astype(np.float32))
    answers = outcome.graph(images).argmax(dim=1).numpy()
    assert outcome.figures["test_accuracy"] == (answers == data.test.labels).mean()
    assert outcome.figures["test_accuracy"] > 0.3
    assert [metric.split for metric in outcome.metrics] == ["test"]
