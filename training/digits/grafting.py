"""A reader that keeps the reading layers of an export and learns to name other classes.

Source: Yosinski et al. 2014, arXiv:1411.1792 (transferred layers, then fine-tuned); Kumar et al.
2022, arXiv:2202.10054 (the head first, so that the layers below are not torn by a random one).
"""

import copy
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.row_classifier import RowClassifier, RowClassifierSizes
from training.digits.augmentation import augment
from training.digits.config import DigitsTraining
from training.digits.data import LabelledImages
from training.digits.task import logits_of, sizes_of
from training.errors import DataError
from training.fine_tuning.parent import Parent
from training.fine_tuning.settled import settled

HEAD_IMAGES = 4000  # images that the head is fitted to, deformed copies included
_ITERATIONS = 60
_PULL = 1e-3  # how much the head is held to what it began with
_PREFIX = "classifier."  # of a classifier in its export


def with_sizes_of(parent: Parent, config: DigitsTraining) -> DigitsTraining:
    """The options with the parent's sizes.

    Raises:
        DataError: the parent is no reader of 28x28 images that this version knows, or the options
            ask for other sizes.
    """
    known = {item.name for item in fields(RowClassifierSizes)}
    own = {item.name for item in fields(DigitsTraining)}
    sizes = {name: value for name, value in parent.options.items() if name in known & own}
    if tuple(parent.manifest.inputs[0].shape) != (-1, 28, 28) or "cell" not in sizes:
        raise DataError(f"--from {parent.label}: does not read 28x28 images row by row")
    return settled(config, sizes, parent.label)


def grafted(parent: Parent, config: DigitsTraining, classes: tuple[str, ...]) -> RowClassifier:
    """The parent's layers below a head for ``classes``; known labels keep their row of the head.

    Raises:
        DataError: the parent's weights do not fit a network of its sizes.
    """
    old = list(parent.manifest.parameters["classes"])
    weights = {
        name.removeprefix(_PREFIX): tensor
        for name, tensor in parent.weights().items()
        if name.startswith(_PREFIX)
    }
    try:
        network = RowClassifier(sizes_of(config, len(old)))
        network.load_state_dict(weights)
    except (RuntimeError, DataError) as error:
        raise DataError(
            f"--from {parent.label}: its weights are those of another network than this "
            "version trains; train it again, or train without --from"
        ) from error
    head = nn.Linear(network.head.in_features, len(classes))
    _take_rows(
        head, network.head, [(classes.index(o), i) for i, o in enumerate(old) if o in classes]
    )
    network.head = head
    return network.eval()


@torch.no_grad()
def _take_rows(head: nn.Linear, old: nn.Linear, places: list[tuple[int, int]]) -> None:
    """Zero but for the rows taken over; without any, all classes begin equal."""
    head.weight.zero_()
    head.bias.zero_()
    for new_row, old_row in places:
        head.weight[new_row] = old.weight[old_row]
        head.bias[new_row] = old.bias[old_row]


def fit_head(network: RowClassifier, training: LabelledImages, config: DigitsTraining) -> int:
    """Fit the head alone, to deformed copies of the images; the layers below stay as they are.

    Returns:
        How many images went through the layers, for a fair count of the time.
    """
    copies = max(1, HEAD_IMAGES // len(training))
    index = np.tile(np.arange(len(training)), copies)[: max(HEAD_IMAGES, len(training))]
    features = _features(network, training.take(index), config)
    labels = torch.from_numpy(training.labels[index])
    weight, bias = network.head.weight, network.head.bias
    start = weight.detach().clone()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, history_size=10)

    def closure() -> float:
        optimizer.zero_grad()
        scores = functional.linear(features, weight, bias)
        errors = functional.cross_entropy(scores, labels, label_smoothing=config.label_smoothing)
        loss = errors + _PULL * (weight - start).square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return len(index)


def _features(network: RowClassifier, images: LabelledImages, config: DigitsTraining) -> Tensor:
    """What the head sees of images deformed as in training: (N, 2 * D * H)."""
    below = copy.deepcopy(network)
    below.head = nn.Identity()  # type: ignore[assignment]
    generator = torch.Generator().manual_seed(config.seed)
    deformed = augment(torch.from_numpy(images.images), generator, strength=config.augmentation)
    found = logits_of(below, LabelledImages(deformed.numpy(), images.labels))
    return found.clone()  # an ordinary tensor, that gradients may pass
