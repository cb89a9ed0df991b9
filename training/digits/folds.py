"""Which images an adapted reader is judged on: a held-out part, or by turns all of them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.digits.data import DigitData, LabelledImages

ENOUGH = 150  # images of a held-out part; with fewer, every image has its turn
MOST_FOLDS = 5
_SEED = 20_240_301


@dataclass(frozen=True)
class Folds:
    """What is trained on and judged on, part by part.

    ``parts`` are the data of each trial; their ``test`` images, in order, are ``judged.test``.
    ``final`` is what the export is trained on, or ``None`` where it is that of the only part.
    """

    parts: tuple[DigitData, ...]
    judged: DigitData
    final: DigitData | None

    @property
    def crossed(self) -> bool:
        """Whether every image was held out once."""
        return self.final is not None


def folds_of(data: DigitData) -> Folds:
    """The split that the data came with where that is large enough, else cross-validation."""
    if len(data.test) >= ENOUGH:
        return Folds((data,), data, None)
    pool = joined(data.training, data.validation, data.test)
    fold = _fold_of_each(pool.labels)
    held_out = [np.flatnonzero(fold == number) for number in range(fold.max() + 1)]
    note = f"each of the {len(pool)} images held out once, in {len(held_out)} parts, stratified"
    parts = [_without(data, pool, index, note) for index in held_out]
    judged = replace(data, test=pool.take(np.concatenate(held_out)), note=note)
    final = replace(data, training=pool, validation=pool, test=pool, note=note)
    return Folds(tuple(parts), judged, final)


def joined(*parts: LabelledImages) -> LabelledImages:
    """All images of several parts, in order."""
    images = np.concatenate([part.images for part in parts])
    return LabelledImages(images, np.concatenate([part.labels for part in parts]))


def _without(
    data: DigitData, pool: LabelledImages, held_out: NDArray[np.int64], note: str
) -> DigitData:
    """Nothing is chosen on the few images of a fold: what is validated on is trained on, too."""
    rest = pool.take(np.setdiff1d(np.arange(len(pool)), held_out))
    return replace(data, training=rest, validation=rest, test=pool.take(held_out), note=note)


def _fold_of_each(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fold of each image; every class is spread evenly, in at most as many as it has images."""
    random = np.random.default_rng(_SEED)
    counts = np.bincount(labels)
    n_folds = min(MOST_FOLDS, int(counts[counts > 0].min()))
    fold = np.empty(len(labels), np.int64)
    turn = 0
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        fold[members] = (turn + np.arange(len(members))) % n_folds
        turn += len(members)
    return fold
