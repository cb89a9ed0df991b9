"""The two series of the study notes: airline passengers, and a sine with noise."""

from dataclasses import dataclass

import numpy as np

from training.forecast.series import Values

# Monthly totals of international airline passengers in thousands, January 1949 to December 1960.
# Source: Box & Jenkins 1970, "Time Series Analysis", series G.
AIRLINE = (
    (112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118),
    (115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140),
    (145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166),
    (171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194),
    (196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201),
    (204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229),
    (242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278),
    (284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306),
    (315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336),
    (340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337),
    (360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405),
    (417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432),
)
SINE_POINTS = 1000
SINE_STEP = 0.01
NOISE = 0.2


@dataclass(frozen=True)
class OneSeries:
    """A series, cut once: the first ``n_training`` values are trained on, the rest is the test.

    ``clean`` is the series without its noise, where it is known.
    """

    name: str
    unit: str
    values: Values
    n_training: int
    season_length: int
    clean: Values | None = None

    @property
    def training(self) -> Values:
        """All that a training may see."""
        return self.values[: self.n_training]


def airline() -> OneSeries:
    """144 months, the last 24 of them held out."""
    values = np.array(AIRLINE, dtype=np.float64).ravel()
    return OneSeries("airline passengers", "thousands a month", values, 120, 12)


def noisy_sine(seed: int) -> OneSeries:
    """sin(0.01 i) with normal noise of standard deviation 0.2; the first 600 points train."""
    clean = np.sin(SINE_STEP * np.arange(1, SINE_POINTS + 1))
    noise = np.random.default_rng(seed).normal(scale=NOISE, size=SINE_POINTS)
    return OneSeries("noisy sine", "value", clean + noise, 600, 1, clean)
