"""Series on which the forecaster's pass in C must answer as its graph does."""

import numpy as np

from service.rows import Array

GAPS = 0.3  # share of the points that a row with gaps lacks


def probes() -> list[list[Array]]:
    """Long, short and overlong rows of every kind, with seasons given, detected and refused."""
    return [_batch(n_steps) for n_steps in (300, 37, 601)]


def _batch(n_steps: int) -> list[Array]:
    rows = _rows(n_steps)
    seasons = np.resize(np.array([0, 0, 12, 1, 7, n_steps], np.int64), len(rows))
    return [np.stack(rows).astype(np.float32), seasons]


def _rows(n_steps: int) -> list[Array]:
    random, step = np.random.default_rng(0), np.arange(n_steps)
    noise, season = random.normal(size=n_steps), np.sin(step * np.pi / 6)
    wave = 3 * season + 0.5 * noise
    grown = np.exp(0.3 * wave + 2 * step / n_steps)
    gappy = np.where(random.random(n_steps) < GAPS, np.nan, wave + 5)
    gappy[-1] = np.nan
    return [
        wave + 0.05 * step,
        grown,
        noise.cumsum(),
        random.poisson(0.4, n_steps) * 1.0,  # mostly zeros
        np.where(random.random(n_steps) < 0.05, 40 * noise, noise),
        np.full(n_steps, -7.25),
        gappy,
        np.where(step < n_steps - 20, np.nan, wave + 20),  # shorter than the others
        np.where(step < n_steps - 1, np.nan, 5.0),
        1e-30 * (wave + 10),
        1e30 * wave,
        1e4 + wave,
    ]
