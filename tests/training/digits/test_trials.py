"""Answers of several trials: each is cooled by those that had no say in it, and all by one."""

import numpy as np
import pytest
import torch
from torch import Tensor

from models.row_classifier import RowClassifier, RowClassifierSizes
from training.digits.data import DigitData, LabelledImages
from training.digits.evaluation import best_temperature
from training.digits.folds import Folds
from training.digits.trials import Trial, calibrated
from training.loop import History

# Views, and images of each of two parts, and classes: pairwise different.
V, FIRST, SECOND, C = 3, 8, 11, 4


def part(n_images: int) -> DigitData:
    labels = np.arange(n_images) % C
    images = LabelledImages(np.zeros((n_images, 28, 28), np.uint8), labels)
    return DigitData("blank", tuple("abcd"), images, images, images)


def trial(data: DigitData, seed: int) -> Trial:
    """One that is mostly right, and in every view unsure in its own way."""
    labels = torch.from_numpy(data.test.labels)
    noise = torch.randn(V, len(labels), C, generator=torch.Generator().manual_seed(seed))
    logits = noise + torch.nn.functional.one_hot(labels, C)
    network = RowClassifier(RowClassifierSizes(hidden_size=2, n_classes=C))
    return Trial(network, History(), logits, temperature=0.7)


def labels_of(data: DigitData) -> Tensor:
    return torch.from_numpy(data.test.labels)


def test_a_part_is_cooled_by_the_temperature_of_the_others_over_all_views() -> None:
    parts = part(FIRST), part(SECOND)
    trials = [trial(data, seed) for seed, data in enumerate(parts, start=6)]
    folds = Folds(parts, part(FIRST + SECOND), part(FIRST + SECOND))

    logits, temperature = calibrated(trials, folds)

    pairs = zip(trials, parts, strict=True)
    others = [best_temperature(each.logits, labels_of(data)) for each, data in pairs]
    assert len({round(each, 3) for each in (*others, temperature, 0.2, 1.0, 5.0)}) == 6
    together = torch.cat([each.logits for each in trials], dim=1)
    labels = torch.cat([labels_of(data) for data in parts])
    assert temperature == best_temperature(together, labels)
    assert temperature != pytest.approx(best_temperature(together[:1], labels), abs=1e-3)
    torch.testing.assert_close(logits[:, :FIRST], trials[0].logits / others[1])
    torch.testing.assert_close(logits[:, FIRST:], trials[1].logits / others[0])


def test_a_single_part_has_a_temperature_of_its_own() -> None:
    only = part(FIRST)

    logits, temperature = calibrated([trial(only, 5)], Folds((only,), only, None))

    assert temperature == 0.7
    torch.testing.assert_close(logits, trial(only, 5).logits / 0.7)
