"""Series of many kinds, for the tests that compare two ways of forecasting them."""

from collections.abc import Callable

import numpy as np

from service.rows import Array

Kind = Callable[[np.random.Generator, Array], Array]

SEASONS = (1, 2, 4, 7, 12, 24, 52, 96)
SCALES = (1.0, 1.0, 1.0, 1e3, 1e-3, -1.0, 1e-30, 1e30, -1e20)
GAPS = (0.0, 0.0, 0.05, 0.3, 0.7)

KINDS: dict[str, Kind] = {
    "seasonal": lambda _, wave: wave,
    "trending": lambda _, wave: wave + 0.05 * np.arange(len(wave)) + 10,
    "growing": lambda _, wave: np.exp(0.3 * wave + 0.004 * np.arange(len(wave))),
    "walking": lambda random, wave: random.normal(size=len(wave)).cumsum(),
    "running": lambda random, wave: random.normal(size=len(wave)).cumsum().cumsum(),
    "counted": lambda random, wave: random.poisson(0.3, len(wave)) * 1.0,
    "constant": lambda random, wave: np.full(len(wave), random.normal()),
    "with outliers": lambda random, wave: np.where(random.random(len(wave)) < 0.03, 50, wave),
    "far from zero": lambda _, wave: 1e4 + wave,
    "rounded": lambda _, wave: np.round(2 * wave),
}


def series_of(kind: str, random: np.random.Generator, n_steps: int) -> Array:
    """A series of a kind, at a random scale, some points of it missing, but never all."""
    season = random.choice(SEASONS)
    wave = random.normal(size=season)[np.arange(n_steps) % season]
    wave = wave + random.choice([0.01, 0.1, 1.0]) * random.normal(size=n_steps)
    exact = KINDS[kind](random, wave) * random.choice(SCALES)
    series: Array = exact.astype(np.float32)
    series[random.random(n_steps) < random.choice(GAPS)] = np.nan
    if np.isnan(series).all():
        series[random.integers(n_steps)] = random.normal()
    return series


def batch_of(random: np.random.Generator, n_rows: int, n_steps: int) -> list[Array]:
    """Rows of all kinds, some of them padded on the left, and seasons given, wrong and none."""
    values = np.full((n_rows, n_steps), np.nan, np.float32)
    for row in values:
        length = n_steps if random.random() < 0.5 else int(random.integers(1, n_steps + 1))
        row[n_steps - length :] = series_of(random.choice(list(KINDS)), random, length)
    given = [0, 0, 0, 1, 7, 12, n_steps - 1, 1000, -1]
    return [values, random.choice(given, n_rows).astype(np.int64)]
