"""What a network has to beat: the best delayed sample, and the best linear filter."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.transduce.signals import Signals

Doubles = npt.NDArray[np.float64]
TAPS = 64
RIDGE = 1e-8


@dataclass(frozen=True, eq=False)
class Filter:
    """A weighted sum of a sample, those before it, and a constant (the last weight)."""

    weights: Doubles

    def __call__(self, signals: Signals) -> Doubles:
        """The filtered inputs.

        Shape:
            returns: (N, T).
        """
        rows = zip(signals.inputs, signals.scale, strict=True)
        return np.stack([_taps(row / scale) @ self.weights * scale for row, scale in rows])


@dataclass(frozen=True, eq=False)
class Baselines:
    """Filters fitted to the same signals by least squares.

    Source: Wiener 1949 (the linear filter of least squared error).
    """

    delay: Filter
    linear: Filter

    @classmethod
    def fit(cls, signals: Signals) -> "Baselines":
        """The best of each kind for ``signals``."""
        gram, match = np.zeros((TAPS + 1, TAPS + 1)), np.zeros(TAPS + 1)
        for taps, wanted in _samples(signals):
            gram += taps.T @ taps
            match += taps.T @ wanted
        ridge = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
        return cls(Filter(_best_delay(gram, match)), Filter(np.linalg.solve(gram + ridge, match)))

    def outputs(self, signals: Signals) -> dict[str, Doubles]:
        """What each answers, by its name in tables."""
        return {
            "constant": np.zeros_like(signals.targets, dtype=np.float64)
            + (signals.targets / signals.scale[:, None]).mean() * signals.scale[:, None],
            "best delayed sample": self.delay(signals),
            f"linear filter of {TAPS} taps": self.linear(signals),
        }


def _best_delay(gram: Doubles, match: Doubles) -> Doubles:
    """One tap and the constant: the pair that explains most."""
    best, weights = -np.inf, np.zeros(len(match))
    for tap in range(TAPS):
        pair = [tap, TAPS]
        block = gram[np.ix_(pair, pair)] + RIDGE * np.eye(2)
        solved = np.linalg.solve(block, match[pair])
        if (explained := float(solved @ match[pair])) > best:
            best, weights = explained, np.zeros(len(match))
            weights[pair] = solved
    return weights


def _samples(signals: Signals) -> Iterator[tuple[Doubles, Doubles]]:
    for row, target, scored, scale in zip(
        signals.inputs, signals.targets, signals.scored, signals.scale, strict=True
    ):
        yield _taps(row / scale)[scored], (target / scale)[scored].astype(np.float64)


def _taps(signal: npt.NDArray[np.floating]) -> Doubles:
    """Every sample with those before it, newest first, zeros before the start, and a one.

    Shape:
        signal: (T,); returns: (T, TAPS + 1).
    """
    padded = np.concatenate([np.zeros(TAPS - 1), signal])
    windows = np.lib.stride_tricks.sliding_window_view(padded, TAPS)[:, ::-1]
    return np.concatenate([windows, np.ones((len(signal), 1))], axis=1)
