from dataclasses import replace

import numpy as np
import pytest

from training.digits import folds as folds_module
from training.digits.data import DigitData, LabelledImages
from training.digits.folds import folds_of, joined


def labelled(counts: list[int], first: int = 0) -> LabelledImages:
    """Images that say in their pixels who they are."""
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = first + np.arange(len(labels))
    return LabelledImages(images, labels)


def data(counts: list[int]) -> DigitData:
    classes = tuple(f"c{number}" for number in range(len(counts)))
    training, validation, test = (labelled(counts, first) for first in (0, 60, 120))
    return DigitData("shapes", classes, training, validation, test)


def numbers(part: LabelledImages) -> list[int]:
    found: list[int] = part.images[:, 0, 0].tolist()
    return found


def test_of_few_images_each_is_held_out_once_and_then_not_trained_on() -> None:
    folds = folds_of(data([4, 7]))

    everything = numbers(
        joined(*(getattr(data([4, 7]), p) for p in ("training", "validation", "test")))
    )
    assert folds.crossed
    assert sorted(numbers(folds.judged.test)) == sorted(everything)
    for part in folds.parts:
        assert sorted(numbers(part.training) + numbers(part.test)) == sorted(everything)
    held_out = np.concatenate([part.test.labels for part in folds.parts])
    np.testing.assert_array_equal(folds.judged.test.labels, held_out)


def test_folds_hold_their_share_of_every_class() -> None:
    folds = folds_of(data([5, 10]))

    counts = [np.bincount(part.test.labels).tolist() for part in folds.parts]
    assert counts == [[3, 6]] * 5


def test_a_class_of_three_images_makes_three_folds() -> None:
    some = data([1, 9])

    assert len(folds_of(some).parts) == 3


def test_enough_images_keep_the_split_that_they_came_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds_module, "ENOUGH", 11)
    some = data([4, 7])

    folds = folds_of(some)

    assert (folds.parts, folds.judged, folds.final) == ((some,), some, None)
    assert folds_of(replace(some, test=labelled([4, 6]))).crossed
