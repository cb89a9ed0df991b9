"""Any quantile from the levels that a model answers.

Axis letters: L levels of the model, A levels asked for.
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from service.rows import Array

Floats = npt.NDArray[np.float64]
# Just below the largest float32: what mixing stretches beyond would be no number in JSON.
LARGEST = 3e38


class Mixture:
    """The levels of a model made into those asked for, which have ``names`` in JSON.

    Levels that the model answers itself, as it does by default, are taken as they are.
    """

    def __init__(self, levels: Sequence[float], asked: Sequence[float]) -> None:
        self.names = [repr(level) for level in asked]
        self._weights = mixing_weights(levels, asked)  # (L, A)
        known = set(asked) <= set(levels)
        self._columns = np.array([levels.index(level) for level in asked]) if known else None

    def of(self, quantiles: Array) -> Array:
        """(B, Q, L) as (B, A, Q) float32, which prints short, and contiguous for the encoder."""
        if self._columns is not None:
            return plain(quantiles.transpose(0, 2, 1).take(self._columns, axis=1))
        return plain((quantiles @ self._weights).transpose(0, 2, 1))


@lru_cache(maxsize=256)
def mixture(levels: tuple[float, ...], asked: tuple[float, ...]) -> Mixture:
    """Most requests ask for the same quantiles, and the weights take longer than their use."""
    return Mixture(levels, asked)


def plain(values: Array) -> Array:
    """As contiguous float32, within its bounds."""
    if values.dtype != np.float32:
        values = np.minimum(np.maximum(values, -LARGEST), LARGEST)  # half the time of np.clip
    return np.ascontiguousarray(values, dtype=np.float32)


def normal_scores(levels: Sequence[float]) -> Floats:
    """The standard normal quantile of each level."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(level) for level in levels])


def mixing_weights(levels: Sequence[float], asked: Sequence[float]) -> Floats:
    """Weights that turn the quantiles at ``levels`` into those ``asked`` for.

    Between two levels: linear in the normal score, which is exact for a normal distribution.
    Beyond the outermost level: its distance from the median, stretched in proportion to the
    normal score, as the tail of a normal distribution would be.

    Shape:
        returns: (L, A) float64; quantiles (..., L) @ weights gives (..., A).
    """
    known, wanted = normal_scores(levels), normal_scores(asked)
    return np.stack([_weights_of(known, score) for score in wanted], axis=1)  # (L, A)


def _weights_of(known: Floats, score: float) -> Floats:
    if len(known) == 1:
        return np.ones(1)
    if known[0] <= score <= known[-1]:
        return _between(known, score)
    outer = _unit(len(known), 0 if score < known[0] else -1)
    median = _between(known, float(np.clip(0.0, known[0], known[-1])))
    centre = float(median @ known)
    edge = float(outer @ known)
    if edge == centre:
        return outer
    stretch = (score - centre) / (edge - centre)
    return median + stretch * (outer - median)


def _between(known: Floats, score: float) -> Floats:
    above = int(np.clip(np.searchsorted(known, score), 1, len(known) - 1))
    low, high = known[above - 1], known[above]
    share = (score - low) / (high - low)
    weights: Floats = (1 - share) * _unit(len(known), above - 1) + share * _unit(len(known), above)
    return weights


def _unit(size: int, at: int) -> Floats:
    weights = np.zeros(size)
    weights[at] = 1.0
    return weights
