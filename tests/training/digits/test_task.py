import numpy as np
import torch

from training.digits.config import DigitsTraining
from training.digits.data import DigitData, LabelledImages
from training.digits.drawn import drawn_digits
from training.digits.task import DigitsTask, logits_of, logits_of_views


def data() -> DigitData:
    every = LabelledImages(*drawn_digits(3))
    part = every.take(np.arange(20))
    return DigitData("drawn", tuple("0123456789"), every, part, part)


def task(**changes: object) -> DigitsTask:
    settings = {
        "hidden_size": 8,
        "batch_size": 12,
        "seed": 4,
        "augmentation": 0.0,
        "corruption": 0.0,
    }
    return DigitsTask(data(), DigitsTraining(**(settings | changes)))  # type: ignore[arg-type]


def test_a_batch_depends_on_the_seed_and_the_step_only() -> None:
    first, later = task(augmentation=1.0), task(augmentation=1.0)
    for step in range(4):
        first.batch(step)

    torch.testing.assert_close(first.batch(5)[0], later.batch(5)[0])
    assert not torch.equal(first.batch(5)[0], task(augmentation=1.0, seed=5).batch(5)[0])


def test_every_round_shows_every_image_once() -> None:
    digits = task(batch_size=12)  # 30 images: a batch may span two rounds

    shown = torch.cat([digits.batch(step)[0] for step in range(5)])
    expected = sorted(data().training.images.astype(np.float32).sum(axis=(1, 2)).tolist())

    assert sorted(shown[:30].sum(dim=(1, 2)).tolist()) == expected
    assert sorted(shown[30:].sum(dim=(1, 2)).tolist()) == expected
    assert not torch.equal(shown[:30], shown[30:])


def test_a_batch_is_never_larger_than_the_data() -> None:
    assert task(batch_size=500).size(task(batch_size=500).batch(0)) == 30


def test_the_same_seed_starts_from_the_same_weights() -> None:
    one, same, other = task(), task(), task(seed=5)

    torch.testing.assert_close(one.network.state_dict(), same.network.state_dict())
    part = data().validation
    assert not torch.equal(logits_of(one.network, part), logits_of(other.network, part))


def test_logits_of_views_are_those_of_the_images_as_they_are_moved_up_and_down() -> None:
    network, part = task().network, data().validation
    padded = np.pad(part.images, ((0, 0), (1, 1), (0, 0)))
    up, down = padded[:, 2:], padded[:, :-2]

    logits = logits_of_views(network, part, 3)

    assert logits.shape == (3, 20, 10)
    for of_view, images in zip(logits, (part.images, up, down), strict=True):
        torch.testing.assert_close(of_view, logits_of(network, LabelledImages(images, part.labels)))
    torch.testing.assert_close(logits_of_views(network, part, 1), logits[:1])


def test_validation_measures_loss_and_accuracy_and_leaves_no_trace() -> None:
    digits = task(precision="float32", label_smoothing=0.0)
    digits.network.train()
    part = data().validation

    metrics = digits.validate(digits.network)

    logits = logits_of(digits.network, part)
    labels = torch.from_numpy(part.labels)
    assert digits.network.training
    assert metrics["validation_accuracy"] == float((logits.argmax(1) == labels).double().mean())
    expected = torch.nn.functional.cross_entropy(logits, labels)
    assert abs(metrics["validation_loss"] - float(expected)) < 1e-5
