"""Figures of a classifier: accuracy, likelihood, calibration; and of the class prior beside it.

Axis letters: V views of an image, over which answers are averaged, N images, C classes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.digits.data import LabelledImages

N_BINS = 15
Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Accuracy and expected calibration error are shares, the likelihood is in nats an image."""

    accuracy: float
    negative_log_likelihood: float
    calibration_error: float


def score(probabilities: Probabilities, labels: NDArray[np.int64]) -> Scores:
    """Compare probabilities (N, C) with labels (N,)."""
    likelihood = probabilities[np.arange(len(labels)), labels]
    return Scores(
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        negative_log_likelihood=float(-np.log(np.maximum(likelihood, 1e-12)).mean()),
        calibration_error=calibration_error(probabilities, labels),
    )


def class_prior(training: LabelledImages, n_classes: int, n_images: int) -> Probabilities:
    """The baseline: every image gets the shares of the classes among the training labels."""
    shares = np.bincount(training.labels, minlength=n_classes) / len(training)
    return np.tile(shares, (n_images, 1))


def reliability(
    probabilities: Probabilities, labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Count, mean confidence and accuracy of the images in each of ``N_BINS`` equal bins."""
    confidence = probabilities.max(axis=1)
    correct = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    bins = np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1)
    counts = np.bincount(bins, minlength=N_BINS)
    per_bin = np.maximum(counts, 1)
    mean_confidence = np.bincount(bins, confidence, N_BINS) / per_bin
    return counts, mean_confidence, np.bincount(bins, correct, N_BINS) / per_bin


def calibration_error(probabilities: Probabilities, labels: NDArray[np.int64]) -> float:
    """Expected calibration error: |confidence - accuracy|, averaged over bins by their counts.

    Source: Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017, arXiv:1706.04599.
    """
    counts, confidence, accuracy = reliability(probabilities, labels)
    return float((counts * np.abs(confidence - accuracy)).sum() / counts.sum())


def best_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the highest likelihood, by golden-section search; 1 if none gains.

    Shape:
        logits: (V, N, C) float32; labels: (N,) int64.
    """

    def loss(log_temperature: float) -> float:
        of_views = torch.log_softmax(logits.double() / np.exp(log_temperature), dim=2)
        return float(functional.nll_loss(of_views.logsumexp(dim=0), labels))  # + log V, a constant

    low, high = np.log(0.2), np.log(5.0)
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(40):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    found = 0.5 * (low + high)
    return float(np.exp(found)) if loss(found) < loss(0.0) else 1.0


def probabilities_of(logits: Tensor, temperature: float = 1.0) -> Probabilities:
    """Softmax in double precision, averaged over views: (V, N, C) -> (N, C)."""
    of_views = torch.softmax(logits.double() / temperature, dim=2)
    result: Probabilities = of_views.mean(dim=0).numpy()
    return result


def confusion(
    predicted: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """How often each label (row) was taken for each class (column)."""
    pairs = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)
