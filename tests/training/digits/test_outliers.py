import math

import numpy as np
import pytest
import torch

from training.digits.config import DigitsTraining
from training.digits.data import DigitData, LabelledImages
from training.digits.drawn import drawn_digits
from training.digits.outliers import (
    KINDS,
    lying,
    noise,
    outliers,
    scribbles,
    shuffled_quarters,
    textures,
)
from training.digits.task import NOTHING, DigitsTask, turnable
from training.digits.teacher import ConvolutionalTeacher, TaughtTask


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def data() -> DigitData:
    every = LabelledImages(*drawn_digits(3))
    part = every.take(np.arange(20))
    return DigitData("drawn", tuple("0123456789"), every, part, part)


def task(**changes: object) -> DigitsTask:
    settings = {"hidden_size": 8, "batch_size": 12, "teachers": 0, "corruption": 0.0}
    return DigitsTask(data(), DigitsTraining(**(settings | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.__name__) for kind in dict.fromkeys(KINDS)]
)
def test_every_kind_makes_images_that_differ(kind: object) -> None:
    images = torch.from_numpy(drawn_digits(1)[0][:7]).float()

    made = kind(images, generator())  # type: ignore[operator]

    assert made.shape == (7, 28, 28)
    assert made.min() >= 0.0
    assert made.max() <= 255.0
    assert not torch.equal(made[0], made[1])
    assert not (made == images).flatten(1).all(dim=1).any()


def test_an_image_lies_on_either_side_and_quarters_keep_the_ink() -> None:
    image = torch.zeros(30, 28, 28)
    image[:, 3, 9] = 200.0

    on_its_side = lying(image, generator())
    places = {tuple(place) for place in on_its_side.nonzero()[:, 1:].tolist()}
    assert places == {(18, 3), (9, 24)}
    moved = shuffled_quarters(image, generator())
    assert moved[0].sum() == 200.0
    assert moved[0, 3, 9] == 0.0


def test_scribbles_are_strokes_and_textures_are_everywhere() -> None:
    blank = torch.zeros(50, 28, 28)

    strokes = (scribbles(blank, generator()) > 127).float().mean(dim=(1, 2))
    assert strokes.min() > 0.01
    assert strokes.max() < 0.5
    assert (textures(blank, generator()) > 127).float().mean() == pytest.approx(0.5, abs=0.12)
    assert noise(blank, generator()).amax(dim=(1, 2)).min() < 60.0


def test_outliers_of_a_batch_are_made_again_from_the_same_seed() -> None:
    images = torch.from_numpy(drawn_digits(1)[0])

    made = outliers(images, 20, generator())

    assert made.shape == (20, 28, 28)
    assert torch.equal(made, outliers(images, 20, generator()))
    assert not torch.equal(made, outliers(images, 20, generator(4)))


def test_a_batch_holds_its_share_of_nothing_and_the_digits_as_before() -> None:
    plain, some = task().batch(3), task(outliers=0.5).batch(3)

    assert some[1].tolist() == plain[1].tolist() + [NOTHING] * 6
    torch.testing.assert_close(some[0][:12], plain[0])
    assert not torch.equal(task(corruption=1.0).batch(3)[0], plain[0])


def test_what_lies_on_its_side_is_no_zero() -> None:
    digits = data()

    labels = set(digits.training.labels[turnable(digits)].tolist())

    assert labels == {2, 3, 4, 5, 6, 7, 9}
    two = digits.training.take(np.arange(2))
    assert turnable(DigitData("01", ("0", "1"), two, two, two)).all()


def test_nothing_should_be_any_class_alike() -> None:
    digits = task(outliers=0.5, label_smoothing=0.0)
    labels = torch.tensor([4, NOTHING, 2])
    logits = torch.zeros(3, 10)

    even = digits.labelled_loss(logits, labels)
    logits[1, 0] = 5.0
    sure = digits.labelled_loss(logits, labels)

    assert float(even) == pytest.approx(1.5 * math.log(10))
    assert sure > even
    known = digits.labelled_loss(logits[::2], labels[::2])
    assert float(known) == pytest.approx(math.log(10))


def test_teachers_are_not_asked_about_nothing() -> None:
    settings = DigitsTraining(hidden_size=8, batch_size=12, outliers=0.5)
    seen: list[int] = []

    class Counting(ConvolutionalTeacher):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(len(images))
            return super().forward(images)

    taught = TaughtTask(data(), settings, [Counting(10, n_channels=3).eval()])

    assert torch.isfinite(taught.loss(taught.batch(0)))
    assert seen == [12]
