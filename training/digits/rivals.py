"""What an adapted reader has to beat, answering the same held-out images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.digits.data import DigitData
from training.digits.evaluation import Probabilities, probabilities_of
from training.digits.folds import Folds
from training.digits.pixel_baselines import logistic_regression, nearest_neighbour
from training.digits.trials import Trial, calibrated
from training.export import load_graph
from training.fine_tuning.parent import Parent
from training.fine_tuning.recommendation import Recommendation, recommend

ADAPTED, SCRATCH = "adapted", "trained from scratch"
NEAREST, LOGISTIC = "nearest image", "logistic regression of pixels"
_BATCH = 500
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Comparison:
    """The answers of everybody to the judged images.

    ``probabilities`` of each contender: (N, C + 1), the last column being what it gives to labels
    that are none of the classes. ``logits`` (V, N, C) are those of the adapted reader, view by
    view, over its temperature; ``known`` tells the images whose label the parent has.
    """

    judged: DigitData
    probabilities: dict[str, Probabilities]
    logits: Tensor
    temperature: float
    known: NDArray[np.bool_]
    recommendation: Recommendation

    def answers(self, name: str) -> Labels:
        """The likeliest class of each image; C stands for a label that is none of them."""
        likeliest: Labels = self.probabilities[name].argmax(axis=1)
        return likeliest

    def accuracy(self, name: str, among: NDArray[np.bool_] | None = None) -> float:
        """Share answered rightly, of all images or of some."""
        right = self.answers(name) == self.judged.test.labels
        return float(right.mean() if among is None else right[among].mean())

    def brier(self, name: str) -> float:
        """Mean Brier score: 0 is best; whoever is always sure scores 2 for each wrong answer."""
        return float(brier_scores(self.probabilities[name], self.judged.test.labels).mean())

    def n_wrong(self, name: str) -> int:
        """Images answered wrongly."""
        return int((self.answers(name) != self.judged.test.labels).sum())


def compare(
    parent: Parent, folds: Folds, adapted: Sequence[Trial], scratch: Sequence[Trial]
) -> Comparison:
    """Ask everybody, and judge image by image whether the adapted reader is better than each.

    The error is the Brier score, which also tells a sure answer from a lucky one.

    Source: Brier 1950.
    """
    judged = folds.judged
    unchanged = f"{parent.label} unchanged"
    logits, temperature = calibrated(adapted, folds)
    found = {
        ADAPTED: _padded(probabilities_of(logits)),
        SCRATCH: _padded(probabilities_of(calibrated(scratch, folds)[0])),
        NEAREST: _by_part(folds, _nearest),
        LOGISTIC: _by_part(folds, _logistic),
    }
    old = list(parent.manifest.parameters["classes"])
    known = np.array([label in old for label in judged.classes])[judged.test.labels]
    if known.any():
        found[unchanged] = _of_parent(parent, judged, old)
    errors = {name: brier_scores(given, judged.test.labels) for name, given in found.items()}
    default = unchanged if known.all() else NEAREST
    verdict = recommend(errors, adapted=ADAPTED, default=default)
    return Comparison(judged, found, logits, temperature, known, verdict)


def brier_scores(probabilities: Probabilities, labels: Labels) -> Probabilities:
    """Squared distance of each image's probabilities to its label: (N, C + 1) -> (N,)."""
    missed = probabilities.copy()
    missed[np.arange(len(labels)), labels] -= 1.0
    scores: Probabilities = (missed**2).sum(axis=1)
    return scores


def _by_part(folds: Folds, answer: Callable[[DigitData], Probabilities]) -> Probabilities:
    """Answers of something quick, taught and asked part by part."""
    return _padded(np.concatenate([answer(part) for part in folds.parts]))


def _nearest(part: DigitData) -> Probabilities:
    sure = np.eye(len(part.classes))
    found: Probabilities = sure[nearest_neighbour(part.training, part.test.images)]
    return found


def _logistic(part: DigitData) -> Probabilities:
    return logistic_regression(part.training, part.test.images, len(part.classes))


def _padded(probabilities: Probabilities) -> Probabilities:
    """Nothing is given to labels that are none of the classes."""
    return np.pad(probabilities, ((0, 0), (0, 1)))


@torch.inference_mode()
def _of_parent(parent: Parent, judged: DigitData, old: list[str]) -> Probabilities:
    """The parent's probabilities in the order of the new classes."""
    graph = load_graph(parent.folder)
    chunks = torch.split(torch.from_numpy(judged.test.images), _BATCH)
    given = torch.cat([graph(chunk.float()) for chunk in chunks]).double().numpy()
    found = np.zeros((len(given), len(judged.classes) + 1))
    for column, label in enumerate(old):
        place = judged.classes.index(label) if label in judged.classes else -1
        found[:, place] += given[:, column]
    return found
