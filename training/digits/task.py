"""What the training loop needs to know of digits: batches, loss and validation."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.image_views import views_of
from models.row_classifier import RowClassifier, RowClassifierSizes
from training.devices import seed_everything, step_generator
from training.digits.augmentation import augment
from training.digits.config import DigitsTraining
from training.digits.corruption import STRETCHING_WAYS, WAYS, corrupt
from training.digits.data import DigitData, LabelledImages
from training.digits.outliers import outliers
from training.errors import DataError

Batch = tuple[Tensor, Tensor, Tensor]
_VALIDATION_BATCH = 500
ALIKE_ON_THEIR_SIDE = ("0", "1", "8")  # a 1 is a stroke, and so is a part of many a digit
NOTHING = -1  # the label of what is no digit


class DigitsTask:
    """Augmented batches of digits; every one can be made again from the seed and the step."""

    monitor = "validation_loss"
    goal: Literal["min", "max"] = "min"
    unit = "images"

    def __init__(self, data: DigitData, config: DigitsTraining) -> None:
        self._config = config
        self._images = torch.from_numpy(data.training.images.copy())
        self._labels = torch.from_numpy(data.training.labels)
        self._validation = data.validation
        if config.outliers:
            self._turnable = self._images[torch.from_numpy(turnable(data))]
        seed_everything(config.seed)
        self.network: nn.Module = RowClassifier(sizes_of(config, len(data.classes)))

    def batch(self, step: int) -> Batch:
        """Images (B, 28, 28) float32, labels (B,), and the images before any was spoilt."""
        config = self._config
        index = shuffled(step, config.batch_size, len(self._labels), config.seed)
        generator = torch.Generator().manual_seed(
            int(step_generator(config.seed, step).integers(2**62))
        )
        images = augment(self._images[index], generator, strength=config.augmentation)
        labels = self._labels[index]
        if config.outliers:
            n_others = round(config.outliers * len(labels))
            others = outliers(self._turnable, n_others, generator)
            images = torch.cat([images, augment(others, generator, strength=config.augmentation)])
            labels = torch.cat([labels, labels.new_full((n_others,), NOTHING)])
        if not config.corruption:
            return images, labels, images
        ways = STRETCHING_WAYS if config.stretching else WAYS
        return corrupt(images, generator, share=config.corruption, ways=ways), labels, images

    def size(self, batch: Batch) -> int:
        """Number of images."""
        return len(batch[1])

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy with smoothed labels."""
        device = next(self.network.parameters()).device
        images, labels = batch[0].to(device), batch[1].to(device)
        return self.labelled_loss(self.network(images).float(), labels)

    def labelled_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The part of the loss that the labels give; what is nothing may be any class."""
        loss = functional.cross_entropy(
            logits, labels, label_smoothing=self._config.label_smoothing, ignore_index=NOTHING
        )
        if not self._config.outliers:
            return loss
        undecided = -logits[labels == NOTHING].log_softmax(dim=1).mean(dim=1)
        return loss + undecided.sum() / max(1, len(labels) - len(undecided))

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """The same loss, and the accuracy, on validation images as they are."""
        half = self._config.precision == "bfloat16"
        device = next(network.parameters()).device
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            logits = logits_of(network, self._validation)
        labels = torch.from_numpy(self._validation.labels)
        loss = self.labelled_loss(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).double().mean()
        return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}


def turnable(data: DigitData) -> NDArray[np.bool_]:
    """Which training images are no digits any more when they lie on their side: not a 0."""
    alike = [k for k, name in enumerate(data.classes) if name in ALIKE_ON_THEIR_SIDE]
    some = ~np.isin(data.training.labels, alike)
    return some if some.any() else np.ones_like(some)


def shuffled(step: int, size: int, n_images: int, seed: int) -> Tensor:
    """Positions of a step's images: each round through the data in its own order."""
    size = min(size, n_images)
    rounds, within = np.divmod(step * size + np.arange(size), n_images)
    if rounds[0] == rounds[-1]:
        return torch.from_numpy(_order(seed, int(rounds[0]), n_images)[within])
    index = np.empty(size, np.int64)
    for number in np.unique(rounds):
        here = rounds == number
        index[here] = _order(seed, int(number), n_images)[within[here]]
    return torch.from_numpy(index)


def sizes_of(config: DigitsTraining, n_classes: int) -> RowClassifierSizes:
    """The network that the options describe.

    Raises:
        DataError: the options contradict each other.
    """
    try:
        return _sizes_of(config, n_classes)
    except ValueError as error:
        raise DataError(str(error)) from error


def _sizes_of(config: DigitsTraining, n_classes: int) -> RowClassifierSizes:
    return RowClassifierSizes(
        cell=config.cell,
        n_classes=n_classes,
        hidden_size=config.hidden_size,
        n_layers=config.n_layers,
        bidirectional=config.bidirectional,
        n_neighbours=config.n_neighbours,
        row_step=config.row_step,
        n_filters=config.n_filters,
        dropout=config.dropout,
    )


@torch.inference_mode()
def logits_of(network: nn.Module, part: LabelledImages) -> Tensor:
    """Logits (N, C) float32 of all images of a part, on the CPU."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    chunks = torch.split(torch.from_numpy(part.images.copy()), _VALIDATION_BATCH)
    logits = torch.cat([network(chunk.float().to(device)).float().cpu() for chunk in chunks])
    network.train(was_training)
    return logits


def logits_of_views(network: nn.Module, part: LabelledImages, n_views: int) -> Tensor:
    """Logits (V, N, C) float32 of every view of the images of a part."""
    views = views_of(torch.from_numpy(part.images.copy()), n_views)
    labels = np.tile(part.labels, n_views)
    logits = logits_of(network, LabelledImages(views.numpy(), labels))
    return logits.view(n_views, len(part), -1)


@lru_cache(maxsize=2)
def _order(seed: int, number: int, n_images: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, number, n_images]).permutation(n_images)
