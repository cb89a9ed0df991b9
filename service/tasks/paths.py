"""Beyond one shot: several paths into the future are fed back, and their forecasts combined.

Feeding back one path alone would forget how uncertain it is: on real series the 80 % intervals of
later chunks then held 10 % of the values, with three paths 73 %
(docs/decisions/0010-far-horizons.md).

Axis letters: P paths, B series, T time, Q steps ahead, L levels of the model.
"""

from collections.abc import Sequence

import numpy as np

from service.rows import Array, Arrays, Rows
from service.tasks.quantiles import Floats, mixing_weights

PATHS: tuple[float, ...] = (0.1, 0.5, 0.9)
LARGEST = 1e30


class Paths:
    """Feeds back the quantiles at ``PATHS`` of a model that answers ``levels``."""

    def __init__(self, levels: Sequence[float], context_length: int) -> None:
        self._levels = np.array(levels)
        self._context_length = context_length
        self._to_paths = mixing_weights(levels, PATHS)  # (L, P)
        self._path_mass = mass_of(PATHS)
        self._mass = np.outer(self._path_mass, mass_of(levels)).ravel()  # (P * L)

    def first_rows(self, rows: Rows, chunk: Arrays) -> Rows:
        """The rows of the second chunk: each series once for every path, path after path."""
        inputs = {name: np.concatenate([array] * len(PATHS)) for name, array in rows.inputs.items()}
        inputs["season_length"] = np.concatenate([chunk["season_length"]] * len(PATHS))
        assert rows.lengths is not None  # noqa: S101 - series always differ in length
        return self.next_rows(Rows(inputs, np.concatenate([rows.lengths] * len(PATHS))), chunk)

    def next_rows(self, rows: Rows, chunk: Arrays) -> Rows:
        """The rows of a later chunk: what is fed back moves the window of each path along."""
        paths = np.moveaxis(chunk["quantiles"] @ self._to_paths, 2, 0)  # (P, B, Q)
        fed_back = np.clip(paths.reshape(-1, paths.shape[2]), -LARGEST, LARGEST)
        values = np.concatenate([rows.inputs["values"], fed_back.astype(np.float32)], axis=1)
        newest = values[:, -self._context_length :]
        lengths = np.minimum(rows.lengths + paths.shape[2], self._context_length)
        return Rows({**rows.inputs, "values": newest}, lengths)

    def combine(self, outputs: Arrays) -> dict[str, Array]:
        """The forecasts of all paths as one: quantiles of their mixture, and its mean.

        Shape:
            outputs: mean (P * B, Q), quantiles (P * B, Q, L).
            returns: mean (B, Q), quantiles (B, Q, L), float64.
        """
        mean = outputs["mean"].astype(np.float64).reshape(len(PATHS), -1, outputs["mean"].shape[1])
        quantiles = outputs["quantiles"].astype(np.float64).reshape(*mean.shape, -1)
        values = np.moveaxis(quantiles, 0, 2).reshape(*mean.shape[1:], -1)  # (B, Q, P * L)
        return {
            "mean": np.tensordot(self._path_mass, mean, axes=1),
            "quantiles": weighted_quantiles(values, self._mass, self._levels),
        }


def mass_of(levels: Sequence[float]) -> Floats:
    """The share of a distribution that each level stands for: up to half way to its neighbours."""
    known = np.array(levels)
    borders = np.concatenate([[0.0], (known[1:] + known[:-1]) / 2, [1.0]])
    return np.diff(borders)


def weighted_quantiles(values: Floats, mass: Floats, levels: Floats) -> Floats:
    """Quantiles of weighted values, linear between the middles of their masses.

    Shape:
        values: (B, Q, N); mass: (N,), adds up to 1; levels: (L,).
        returns: (B, Q, L).
    """
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    weights = mass[order]
    middles = np.cumsum(weights, axis=-1) - weights / 2
    return np.stack([_at(level, middles, ordered) for level in levels], axis=-1)


def _at(level: float, middles: Floats, ordered: Floats) -> Floats:
    last = ordered.shape[-1] - 1
    above = np.clip((middles < level).sum(axis=-1, keepdims=True), 1, last)
    low, high = (np.take_along_axis(middles, at, axis=-1) for at in (above - 1, above))
    left, right = (np.take_along_axis(ordered, at, axis=-1) for at in (above - 1, above))
    share = np.clip((level - low) / (high - low), 0.0, 1.0)
    found: Floats = (left + share * (right - left))[..., 0]
    return found
