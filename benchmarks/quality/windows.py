"""Windows of series that are equal up to scale and shift, found by hashes and then compared.

Two hashes, each blind where the other sees: of the values, normalised and rounded, which finds
copies in full precision; of the order of the values and of their differences, which finds copies
that were rounded. Windows without much information (constant, straight or bent lines, few
different values) are
left out: unrelated series share those.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.forecast.series import Values

Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
SAME = 0.9995  # correlation of two windows that count as the same: means of rounded values
FEWEST_DIFFERENT = 0.5  # of the steps of a window
SMOOTH = 0.998  # of the variance of a window is in a parabola
DECIMALS = 3
MOST_ALIKE = 50  # windows of one hash that are compared with one another


@dataclass(frozen=True)
class Found:
    """Windows of one series, normalised: mean 0, length 1.

    Shape:
        rows: (N, L); start: (N,).
    """

    rows: Values
    start: Numbers


@dataclass
class Windows:
    """The windows of many series, and which series each is of."""

    length: int
    found: Sequence[Found]
    rows: Values = field(init=False)
    start: Numbers = field(init=False)
    owner: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.rows = np.concatenate([np.empty((0, self.length)), *(f.rows for f in self.found)])
        self.start = np.concatenate([np.empty(0, np.int64), *(f.start for f in self.found)])
        self.owner = np.repeat(np.arange(len(self.found)), [len(f.start) for f in self.found])


def windows_of(values: Values, length: int, known: int = 0) -> Found:
    """Informative windows without missing values that end after the first ``known`` steps."""
    first = max(0, known - length + 1)
    if len(values) - first < length:
        return Found(np.empty((0, length)), np.empty(0, np.int64))
    rows = np.lib.stride_tricks.sliding_window_view(values[first:], length)
    start = np.arange(len(rows)) + first
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = rows - rows.mean(1, keepdims=True)
        size = np.sqrt((centred**2).sum(1, keepdims=True))
        unit = centred / size
    keep = np.isfinite(unit).all(1) & (size[:, 0] > 1e-9 * np.abs(rows).max(1)) & telling(unit)
    return Found(unit[keep], start[keep])


def telling(unit: Values) -> npt.NDArray[np.bool_]:
    """Which windows are neither nearly parabolas or lines nor of few different values."""
    length = unit.shape[1]
    smooth = np.linalg.qr(np.vander(np.linspace(-1, 1, length), 3))[0]
    different = 1 + (np.diff(np.sort(unit, axis=1), axis=1) > 1e-9).sum(1)
    enough = different >= FEWEST_DIFFERENT * length
    return np.asarray(enough & (((unit @ smooth) ** 2).sum(1) < SMOOTH))


def matches(wanted: Windows, pool: Windows) -> Iterator[tuple[int, int]]:
    """Indices of windows of the one and the other that are the same, each pair once."""
    seen: set[tuple[int, int]] = set()
    for hashed in (by_value, by_order):
        theirs = hashed(pool.rows)
        for sign in (1.0, -1.0):
            for pair in _alike(hashed(sign * wanted.rows), theirs):
                same = sign * float(wanted.rows[pair[0]] @ pool.rows[pair[1]]) >= SAME
                if same and pair not in seen:
                    seen.add(pair)
                    yield pair


def _alike(ours: Hashes, theirs: Hashes) -> Iterator[tuple[int, int]]:
    if not len(ours):
        return
    order = np.argsort(ours, kind="stable")
    ranked = ours[order]
    low = np.searchsorted(ranked, theirs)
    candidates = np.flatnonzero(ranked[np.minimum(low, len(ranked) - 1)] == theirs)
    for j in candidates:
        high = np.searchsorted(ranked, theirs[j], side="right")
        for i in order[low[j] : min(high, low[j] + MOST_ALIKE)]:
            yield int(i), int(j)


def by_value(rows: Values) -> Hashes:
    """Hash of the values in units of a thousandth of their spread."""
    spread = rows * np.sqrt(rows.shape[1])
    return _hash(np.rint(spread * 10**DECIMALS).astype(np.int64))


def by_order(rows: Values) -> Hashes:
    """Hash of the ranks of the values and of those of their differences."""
    ranks = [np.argsort(x, axis=1, kind="stable") for x in (rows, np.diff(rows, axis=1))]
    return _hash(np.concatenate(ranks, axis=1))


def _hash(numbers: Numbers) -> Hashes:
    factors = np.random.default_rng(0).integers(1, 2**63, numbers.shape[1], dtype=np.uint64)
    mixed = (numbers.astype(np.uint64) * (2 * factors + 1)).sum(1, dtype=np.uint64)
    return np.asarray(mixed)
