"""Pairs of signals, and the simulated ones: a noisy sine whose output is the clean cosine.

Axis letters: N signals, T time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SHORTEST_PERIOD, LONGEST_PERIOD = 8.0, 200.0  # in samples
NOISE = 0.2  # largest standard deviation, in amplitudes


@dataclass(frozen=True, eq=False)
class Signals:
    """Inputs, the outputs wanted, and which samples count in a figure.

    Shape:
        inputs, targets: (N, T) float32; scored: (N, T) bool.
        scale: (N,), the unit of errors; periods: (N,), in samples, or None.
    """

    inputs: Floats
    targets: Floats
    scored: npt.NDArray[np.bool_]
    scale: Floats
    periods: Floats | None = None

    def window(self, start: int, end: int) -> "Signals":
        """The same signals, some of their samples."""
        part = slice(start, end)
        return Signals(
            self.inputs[:, part],
            self.targets[:, part],
            self.scored[:, part],
            self.scale,
            self.periods,
        )


def sines(n_signals: int, length: int, settle: int, generator: np.random.Generator) -> Signals:
    """Sines of any amplitude, noisy and not quite steady; a cosine for each.

    Frequency and amplitude waver slowly, and in a third of the signals both jump once.
    """
    time = np.arange(length)
    jumps = _jumps(n_signals, length, generator)
    low, high = -np.log(LONGEST_PERIOD), -np.log(SHORTEST_PERIOD)
    pitch = generator.uniform(low, high, (2, n_signals, 1))
    wavering = pitch[0] * ~jumps + pitch[1] * jumps + _waver(0.15, n_signals, time, generator)
    frequency = np.exp(np.clip(wavering, low, high))  # (N, T), cycles a sample
    loudness = generator.uniform(np.log(0.1), np.log(10.0), (n_signals, 1))
    jump = generator.uniform(-1.0, 1.0, (n_signals, 1)) * jumps
    amplitude = np.exp(loudness + jump + _waver(0.2, n_signals, time, generator))
    phase = 2 * np.pi * (np.cumsum(frequency, axis=1) + generator.uniform(size=(n_signals, 1)))
    level = np.maximum(0.0, generator.uniform(-0.5, 1.0, (n_signals, 1))) * NOISE
    noise = level * amplitude * generator.normal(size=(n_signals, length))
    return Signals(
        inputs=(amplitude * np.sin(phase) + noise).astype(np.float32),
        targets=(amplitude * np.cos(phase)).astype(np.float32),
        scored=np.broadcast_to(time >= settle, (n_signals, length)),
        scale=np.sqrt((amplitude**2).mean(axis=1) / 2).astype(np.float32),
        periods=(1 / frequency.mean(axis=1)).astype(np.float32),
    )


def _jumps(n_signals: int, length: int, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Whether a sample lies behind the jump; two thirds of the signals have none."""
    at = generator.uniform(0.0, 3.0, (n_signals, 1)) * length
    return np.arange(length) >= at


def _waver(
    most: float, n_signals: int, time: npt.NDArray[np.int64], generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """A slow swing of the logarithm, by up to ``most`` either way."""
    size = generator.uniform(0.0, most, (n_signals, 1))
    period = generator.uniform(500.0, 2000.0, (n_signals, 1))
    start = generator.uniform(0.0, 2 * np.pi, (n_signals, 1))
    swing: npt.NDArray[np.float64] = size * np.sin(2 * np.pi * time / period + start)
    return swing
