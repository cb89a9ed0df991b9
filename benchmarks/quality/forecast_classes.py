"""Odd classes of series: intermittent, short, constant, very long, huge, tiny, negative, with gaps.

``draw_classes(n_each, seed)`` returns for each class its name and a list of ``OddSeries``, which is
``(context, future, season_length)``; ``score_class(series, points)`` says how a forecast of the
future did beside the seasonal naive. The same arguments always give the same series.

The series come from processes that no training here uses (``training/forecast/synthetic.py`` runs
exponential smoothing forwards): Gaussian processes, autoregressions with Fourier seasons, logistic
growth, and reversion to a mean with jumps.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.forecast_metrics import naive_point, seasonal_error

Values = npt.NDArray[np.float64]
Rng = np.random.Generator

HORIZONS = {1: 6, 4: 8, 7: 14, 12: 18, 24: 48}
N_EACH = 100
SEED = 20_260
VERY_LONG = 10_000
HUGE, TINY = 1e12, 1e-9
SMALLEST_SCALE = 1e-9  # of the magnitude of a series; below it the series is constant
ROUNDING = 1e-6  # of the magnitude: no error, as models answer in float32


class OddSeries(NamedTuple):
    """What is known, NaN where a value is missing, what followed, and the season, 1 for none."""

    context: Values
    future: Values
    season_length: int


class ClassScore(NamedTuple):
    """Mean absolute errors of a class, each series in its own scale; the ratio is the verdict.

    ``ratio`` is 0 where neither forecast errs, infinite where only the forecast does.
    """

    error: float
    naive_error: float

    @property
    def ratio(self) -> float:
        """Error relative to that of the seasonal naive; at most 1.05 is asked."""
        if self.naive_error > 0:
            return self.error / self.naive_error
        return 0.0 if self.error == 0 else float("inf")


def draw_classes(n_each: int = N_EACH, seed: int = SEED) -> dict[str, list[OddSeries]]:
    """``n_each`` series of every class; each series has a seed of its own."""
    return {
        name: [
            maker(np.random.default_rng([seed, place, number]))
            for number in range(n_each if name != "very long" else max(1, n_each // 5))
        ]
        for place, (name, maker) in enumerate(CLASSES.items())
    }


def score_class(series: Sequence[OddSeries], points: Sequence[npt.ArrayLike]) -> ClassScore:
    """Errors of point forecasts (medians) and of the seasonal naive, as MASE scales them.

    A series that never changed has no such scale: its errors are relative to its magnitude.
    """
    errors = np.array([_errors(one, point) for one, point in zip(series, points, strict=True)])
    error, naive_error = errors.mean(0)
    return ClassScore(float(error), float(naive_error))


def _errors(one: OddSeries, point: npt.ArrayLike) -> tuple[float, float]:
    context, future, season_length = one
    magnitude = float(np.nanmax(np.abs(context)))
    scale = seasonal_error(context, season_length)
    if not scale > SMALLEST_SCALE * magnitude:
        scale = magnitude or 1.0
    naive = naive_point(context, season_length, len(future))
    found = [np.abs(future - np.asarray(each, np.float64)).mean() for each in (point, naive)]
    ours, naives = (error / scale if error > ROUNDING * magnitude else 0.0 for error in found)
    return ours, naives


def _split(values: Values, season_length: int) -> OddSeries:
    ahead = min(HORIZONS[season_length], max(1, len(values) // 3))
    return OddSeries(values[:-ahead], values[-ahead:], season_length)


def _season_length(rng: Rng) -> int:
    return int(rng.choice([1, 4, 7, 12, 24], p=[0.4, 0.15, 0.1, 0.25, 0.1]))


def ordinary(rng: Rng, n_steps: int, season_length: int) -> Values:
    """A series of some process and level, with a Fourier season where there is one."""
    process = PROCESSES[int(rng.integers(len(PROCESSES)))](rng, n_steps)
    standard: Values = (process - process.mean()) / (process.std() or 1.0)
    return standard + fourier(rng, n_steps, season_length) + rng.uniform(-2, 12)


def fourier(rng: Rng, n_steps: int, season_length: int) -> Values:
    """A season of up to three harmonics whose size drifts slowly; zero without a season."""
    if season_length < 2:
        return np.zeros(n_steps)
    angle = 2 * np.pi * np.arange(n_steps) / season_length
    waves: list[Values] = [
        rng.normal() / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        for k in range(1, min(3, season_length // 2) + 1)
    ]
    drift = 1 + 0.2 * np.sin(np.arange(n_steps) / n_steps * rng.uniform(0, 3))
    pattern: Values = np.stack(waves).sum(0) * drift
    return pattern * rng.uniform(0.3, 2.0)


def gaussian_process(rng: Rng, n_steps: int) -> Values:
    """Smooth or rough functions and noise, as a sum over random frequencies."""
    width = rng.uniform(0.05, 0.4) * n_steps
    frequency = rng.standard_normal((32, 1)) / width
    phase = rng.uniform(0, 2 * np.pi, (32, 1))
    smooth = np.cos(frequency * np.arange(n_steps) + phase).sum(0) / 4
    return np.asarray(smooth + rng.uniform(0.05, 1.0) * rng.standard_normal(n_steps))


def autoregression(rng: Rng, n_steps: int) -> Values:
    """Second order, stationary, some nearly a random walk."""
    first, second = rng.uniform(0.2, 0.98), rng.uniform(-0.3, 0.3)
    first *= 1 - second
    values = np.zeros(n_steps + 50)
    shock = rng.standard_normal(n_steps + 50)
    for step in range(2, len(values)):
        values[step] = first * values[step - 1] + second * values[step - 2] + shock[step]
    return values[50:]


def logistic_growth(rng: Rng, n_steps: int) -> Values:
    """From one level to another along an S, with noise that grows with it."""
    middle, pace = rng.uniform(0.2, 1.2) * n_steps, rng.uniform(4, 15) / n_steps
    grown = 1 / (1 + np.exp(-pace * (np.arange(n_steps) - middle)))
    noise = 1 + 0.06 * rng.standard_normal(n_steps)
    return np.asarray((0.2 + grown) * noise * rng.choice([-1.0, 1.0]))


def reversion_with_jumps(rng: Rng, n_steps: int) -> Values:
    """Pulled back to its mean after each of a few jumps."""
    pull, value = rng.uniform(0.02, 0.4), 0.0
    jumps = (rng.random(n_steps) < 2 / n_steps) * rng.normal(0, 5, n_steps)
    shocks = rng.standard_normal(n_steps) * 0.5 + jumps
    values = np.empty(n_steps)
    for step, shock in enumerate(shocks):
        value += shock - pull * value
        values[step] = value
    return values


PROCESSES = (gaussian_process, autoregression, logistic_growth, reversion_with_jumps)


def _usual(rng: Rng) -> OddSeries:
    season = _season_length(rng)
    n_steps = int(rng.integers(max(30, 4 * season), 260)) + HORIZONS[season]
    return _split(ordinary(rng, n_steps, season), season)


def intermittent(rng: Rng) -> OddSeries:
    """Demand in some steps only, its rate drifting; sizes are geometric."""
    season, n_steps = int(rng.choice([1, 7, 12])), int(rng.integers(60, 260))
    rate = rng.uniform(0.08, 0.5) * np.exp(0.3 * np.sin(np.arange(n_steps) / 40))
    sizes = rng.geometric(rng.uniform(0.15, 0.8), n_steps)
    present = (rng.random(n_steps) < rate).astype(np.float64)
    return _split(present * sizes, season)


def short(rng: Rng) -> OddSeries:
    """3 to 11 points, a few of them with a quarterly season."""
    season, n_known = int(rng.choice([1, 1, 4])), int(rng.integers(3, 12))
    values = ordinary(rng, n_known + HORIZONS[season], season)
    return OddSeries(values[:n_known], values[n_known:], season)


def constant(rng: Rng) -> OddSeries:
    """One number again and again, of any sign and size, zero among them."""
    size = 10 ** rng.uniform(-9, 12) * rng.choice([-1.0, 0.0, 1.0])
    season = _season_length(rng)
    return OddSeries(
        np.full(int(rng.integers(1, 100)), size), np.full(HORIZONS[season], size), season
    )


def very_long(rng: Rng) -> OddSeries:
    """10,000 known steps: a walk that is pulled back, with days or none."""
    season = int(rng.choice([1, 24]))
    values = 3 * reversion_with_jumps(rng, VERY_LONG + HORIZONS[season])
    return OddSeries(*_cut(values + fourier(rng, len(values), season) * 4 + 50, season))


def _cut(values: Values, season: int) -> OddSeries:
    return OddSeries(values[:VERY_LONG], values[VERY_LONG:], season)


def scaled_by(factor: float) -> Callable[[Rng], OddSeries]:
    """Usual series in units that make their numbers huge or tiny."""

    def maker(rng: Rng) -> OddSeries:
        one = _usual(rng)
        return OddSeries(one.context * factor, one.future * factor, one.season_length)

    return maker


def negative(rng: Rng) -> OddSeries:
    """All below zero, or around it."""
    one = _usual(rng)
    shift = rng.choice([0.0, 1.0]) * 4 + np.max(one.context)
    return OddSeries(one.context - shift, one.future - shift, one.season_length)


def with_gaps(rng: Rng) -> OddSeries:
    """Single values and runs missing, in one series of four the newest ones too."""
    one = _usual(rng)
    context = one.context.copy()
    n = len(context)
    context[rng.random(n) < rng.uniform(0.05, 0.4)] = np.nan
    start = int(rng.integers(1, n))
    context[start : start + int(rng.integers(1, 12))] = np.nan
    if rng.random() < 0.25:
        context[n - int(rng.integers(1, 6)) :] = np.nan
    context[:2] = one.context[:2]
    return OddSeries(context, one.future, one.season_length)


CLASSES: Mapping[str, Callable[[Rng], OddSeries]] = {
    "intermittent": intermittent,
    "short": short,
    "constant": constant,
    "very long": very_long,
    "huge": scaled_by(HUGE),
    "tiny": scaled_by(TINY),
    "negative": negative,
    "with gaps": with_gaps,
}
