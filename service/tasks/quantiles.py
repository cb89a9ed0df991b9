"""Any quantile from the levels that a model answers, and wider ones further ahead.

Axis letters: B rows, Q steps ahead, L levels of the model, A levels asked for.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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


def widen(quantiles: Floats, median: Floats, carried: Floats) -> Floats:
    """Add the uncertainty of where a later chunk starts to its own.

    The two are taken as independent, so distances from the median add in quadrature: exact for a
    random walk, cautious for anything that returns to a mean.

    Shape:
        quantiles: (B, Q, L); median: (B, Q); carried: (B, L), signed distances from the median.
        returns: (B, Q, L).
    """
    own = quantiles - median[..., np.newaxis]
    total = np.sqrt(own**2 + carried[:, np.newaxis, :] ** 2)
    sign = np.where(own == 0.0, np.sign(carried)[:, np.newaxis, :], np.sign(own))
    widened: Floats = median[..., np.newaxis] + sign * total
    return widened


def distance_at_end(quantiles: Floats, median: Floats, seasons: npt.NDArray[np.int64]) -> Floats:
    """Root mean square distance of each level from the median over the last season of a chunk.

    Shape:
        quantiles: (B, Q, L); median: (B, Q); seasons: (B,), in steps.
        returns: (B, L), negative below the median.
    """
    n_steps = quantiles.shape[1]
    first = n_steps - np.clip(seasons, 1, n_steps)  # (B,)
    used = np.arange(n_steps) >= first[:, np.newaxis]  # (B, Q)
    own = quantiles - median[..., np.newaxis]
    weights = (used / used.sum(axis=1, keepdims=True))[..., np.newaxis]
    sign = np.sign((own * weights).sum(axis=1))
    distance: Floats = sign * np.sqrt((own**2 * weights).sum(axis=1))
    return distance
