"""Series on which the forecaster's pass in C must answer as its graph does."""

import numpy as np

from service.rows import Array

GAPS = 0.3  # share of the points that a row with gaps lacks


def probes() -> list[list[Array]]:
    """Long, short and overlong rows of every kind, with seasons given, detected and refused."""
    return [_batch(n_steps) for n_steps in (300, 37, 601)]


def _batch(n_steps: int) -> list[Array]:
    rows, seasons = zip(*_rows(n_steps), strict=True)
    return [np.stack(rows).astype(np.float32), np.array(seasons, np.int64)]


def _rows(n_steps: int) -> list[tuple[Array, int]]:
    """Series and the season given with it, 0 to detect one."""
    random, step = np.random.default_rng(0), np.arange(n_steps)
    noise, season = random.normal(size=n_steps), np.sin(step * np.pi / 6)
    wave = 3 * season + 0.5 * noise
    gappy = np.where(random.random(n_steps) < GAPS, np.nan, wave + 5)
    gappy[-1] = np.nan
    used = min(n_steps, 512)
    long_season = int(0.38 * used)
    repeated = random.normal(size=long_season)[step % long_season]
    doubled = np.where(step < n_steps - 20, np.nan, np.exp2(step - n_steps + 0.1 * noise))
    return [
        (wave + 0.05 * step, 0),
        (np.exp(0.3 * wave + 2 * step / n_steps), 0),
        (noise.cumsum(), 12),
        (random.poisson(0.4, n_steps) * 1.0, 1),  # mostly zeros
        (np.where(random.random(n_steps) < 0.05, 40 * noise, noise), 7),
        (np.full(n_steps, -7.25), 0),
        (gappy, 0),
        (np.where(step < n_steps - 20, np.nan, wave + 20), 12),  # shorter than the others
        (np.where(step < n_steps - 3, np.nan, noise), 0),
        (np.where(step < n_steps - 1, np.nan, 5.0), 0),
        (1e-30 * (wave + 10), 0),
        (1e30 * wave, 12),
        (1e4 + wave, 0),
        (repeated + 0.3 * noise, 0),
        (wave, used - 2),  # the longest season that a row may have
        (wave, used - 1),
        (0.8 * season + noise, 0),  # hardly a season
        (doubled, 1),  # forecasts leave the room that a logarithm has
    ]
