"""What needs no network: the nearest training image, and a linear model of the pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from training.digits.data import Images, LabelledImages, Labels

_CHUNK = 1000
_ITERATIONS = 100


def nearest_neighbour(training: LabelledImages, images: Images) -> Labels:
    """The label of the training image whose pixels are closest, by Euclidean distance."""
    known = _pixels(training.images)
    squares = (known * known).sum(dim=1)
    found = [
        (squares - 2.0 * (chunk @ known.T)).argmin(dim=1)
        for chunk in torch.split(_pixels(images), _CHUNK)
    ]
    nearest: Labels = training.labels[torch.cat(found).numpy()]
    return nearest


def logistic_regression(
    training: LabelledImages, images: Images, n_classes: int
) -> NDArray[np.float64]:
    """Probabilities by multinomial logistic regression, its weights held small as by C = 1."""
    pixels, labels = _pixels(training.images), torch.from_numpy(training.labels)
    weight = torch.zeros(n_classes, pixels.size(1), requires_grad=True)
    bias = torch.zeros(n_classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, history_size=10)

    def closure() -> float:
        optimizer.zero_grad()
        errors = functional.cross_entropy(functional.linear(pixels, weight, bias), labels)
        loss = errors + 0.5 / len(labels) * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        scores = functional.linear(_pixels(images), weight, bias)
    probabilities: NDArray[np.float64] = torch.softmax(scores.double(), dim=1).numpy()
    return probabilities


def _pixels(images: Images) -> torch.Tensor:
    return torch.from_numpy(images.reshape(len(images), -1).astype(np.float32)) / 255.0
