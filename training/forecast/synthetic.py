"""Simulated series: levels that wander, trends, seasons, noise, shifts, counts and gaps.

Axis letters: B rows, N steps.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.forecast.series import Values

Ints = npt.NDArray[np.int64]
SEASONS = (1, 4, 12, 7, 24, 52, 0)  # 0 stands for any other
SEASON_SHARES = (0.38, 0.16, 0.28, 0.05, 0.06, 0.03, 0.04)
LONGEST_OTHER = 60


@dataclass(frozen=True)
class Simulation:
    """``values`` (B, N) and the season length of each row, 1 for none."""

    values: Values
    season_length: Ints


def draw_seasons(rng: np.random.Generator, n_rows: int) -> Ints:
    """Season lengths as often as calendars have them."""
    season = rng.choice(SEASONS, size=n_rows, p=SEASON_SHARES)
    return np.where(season == 0, rng.integers(2, LONGEST_OTHER, n_rows), season)


def simulate(rng: np.random.Generator, season_length: Ints, used: Ints, n_steps: int) -> Simulation:
    """Simulate a row for each season length; the first ``used`` steps set its level and scale."""
    wander = _wander(rng, len(used), n_steps)
    season = _season(rng, season_length, n_steps)
    inside = np.arange(n_steps) < used[:, None]
    values = _compose(rng, wander, season, inside)
    return Simulation(_special(rng, values, season, inside), season_length)


def _log_uniform(rng: np.random.Generator, low: float, high: float, n: int) -> Values:
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def _sometimes(
    rng: np.random.Generator, share: float, then: Values, other: Values | float
) -> Values:
    return np.where(rng.random(len(then)) < share, then, other)


def _wander(rng: np.random.Generator, n_rows: int, n_steps: int) -> Values:
    """Damped-trend exponential smoothing run forwards, with autoregressive or heavy noise."""
    n = n_rows
    shock = rng.standard_normal((n, n_steps))
    heavy = rng.standard_t(3, size=(n, n_steps)) / 1.7
    shock = np.where(rng.random(n)[:, None] < 0.3, heavy, shock)
    alpha = _sometimes(rng, 0.15, np.ones(n), rng.beta(1.2, 1.2, n))
    alpha = _sometimes(rng, 0.13, np.zeros(n), alpha)
    beta = _sometimes(rng, 0.55, rng.beta(1, 6, n), 0.0) * alpha
    damping = _sometimes(rng, 0.4, np.ones(n), rng.uniform(0.8, 1.0, n))
    start = _sometimes(rng, 0.6, rng.standard_normal(n) * _log_uniform(rng, 0.02, 1.0, n), 0.0)
    lasting = _sometimes(rng, 0.5, start, 0.0)
    slope = start - lasting
    memory = _sometimes(rng, 0.3, rng.uniform(-0.5, 0.95, n), 0.0)
    level, noise = np.zeros(n), np.zeros(n)
    values = np.empty((n, n_steps))
    for step in range(n_steps):
        expected = level + lasting + damping * slope
        noise = memory * noise + shock[:, step]
        values[:, step] = expected + noise
        level = expected + alpha * shock[:, step]
        slope = damping * slope + beta * shock[:, step]
    return _accidents(rng, values)


def _accidents(rng: np.random.Generator, values: Values) -> Values:
    """A shift of the level in some rows, single outliers in others."""
    n_rows, n_steps = values.shape
    jump = _sometimes(rng, 0.12, rng.normal(0, 6, size=(n_rows,)), 0.0)
    start: Ints = rng.integers(0, n_steps, size=(n_rows, 1))
    since = np.arange(n_steps) >= start
    often: Values = rng.random((n_rows, 1))
    odd = (rng.random(values.shape) < 0.01) & (often < 0.15)
    return np.asarray(values + jump[:, None] * since + odd * rng.normal(0, 8, values.shape))


def _season(rng: np.random.Generator, season_length: Ints, n_steps: int) -> Values:
    """A pattern a cycle: random, smooth or spiky; in some rows it turns into another one."""
    n, longest = len(season_length), int(season_length.max())
    period = season_length[:, None]
    phase = np.arange(longest) / period * 2 * np.pi
    smooth = sum(
        rng.standard_normal((n, 1)) / k * np.cos(k * phase + rng.uniform(0, 2 * np.pi, (n, 1)))
        for k in (1, 2, 3)
    )
    spikes = (rng.random((n, longest)) < 1.5 / period) * rng.standard_normal((n, longest)) * 3
    kind = rng.random(n)[:, None]
    rough = rng.standard_normal((n, longest))
    pattern = np.where(kind < 0.35, rough, np.where(kind < 0.8, smooth, spikes))
    real = np.arange(longest) < period
    pattern = pattern - (pattern * real).sum(1, keepdims=True) / period
    step = np.arange(n_steps)
    now = np.take_along_axis(pattern, step % period, 1)
    later = np.take_along_axis(rng.standard_normal((n, longest)), step % period, 1)
    pace = _sometimes(rng, 0.4, _log_uniform(rng, 0.02, 0.4, n), 0.0)[:, None]
    turned = np.clip(pace * (step // period) / 6, 0.0, 1.2)
    size = _sometimes(rng, 0.8, _log_uniform(rng, 0.3, 12.0, n), 0.0) * (season_length > 1)
    return np.asarray(size[:, None] * (now * (1 - 0.5 * turned) + later * turned))


def _compose(
    rng: np.random.Generator, wander: Values, season: Values, inside: npt.NDArray[np.bool_]
) -> Values:
    """Put the level somewhere; add the season, multiply by it, or grow exponentially."""
    n = len(wander)
    low = np.where(inside, wander, np.inf).min(1)
    high = np.where(inside, wander, -np.inf).max(1)
    times = rng.random(n) < 0.6
    height = _log_uniform(rng, 0.5, 60.0, n)
    side = rng.choice([0.0, 1.0, -1.0], size=n, p=[0.3, 0.6, 0.1])
    level = np.where(times, np.maximum(-low * 1.05, 0) + height + 1, height * side)
    placed = wander + level[:, None]
    middle = np.abs((placed * inside).sum(1) / inside.sum(1))
    factor = np.clip(season / np.maximum(middle, 1e-6)[:, None], -0.9, 3.0)
    values = np.where(times[:, None], placed * (1 + factor), placed + season)
    growth = wander / np.maximum(high - low, 1e-9)[:, None] * rng.uniform(0.1, 2.5, n)[:, None]
    grown = np.exp(np.clip(growth, -20, 20) + np.where(times[:, None], factor, 0.0))
    chance: Values = rng.random((n, 1))
    return np.asarray(np.where(chance < 0.15, grown, values))


def _special(
    rng: np.random.Generator, values: Values, season: Values, inside: npt.NDArray[np.bool_]
) -> Values:
    """Some rows as counts, with many zeros, rounded to few values, or straight lines."""
    n = len(values)
    kind = rng.random(n)[:, None]
    scale = (np.abs(values) * inside).sum(1) / inside.sum(1) + 1e-9
    relative = values / scale[:, None]
    rate = np.exp(np.clip(0.3 * relative + 0.1 * season, -3, 3) + rng.uniform(-1.5, 3, n)[:, None])
    values = np.where(kind < 0.06, rng.poisson(rate), values)
    present = rng.random(values.shape) < rng.uniform(0.1, 0.7, n)[:, None]
    values = np.where((kind > 0.06) & (kind < 0.09), np.abs(values) * present, values)
    middle = (values * inside).sum(1) / inside.sum(1)
    spread = (np.abs(values - middle[:, None]) * inside).sum(1) / inside.sum(1) + 1e-9
    coarse = np.round(values / spread[:, None] * 3)
    values = np.where((kind > 0.09) & (kind < 0.14), coarse, values)
    slope = _log_uniform(rng, 0.01, 1.0, n)[:, None] * rng.choice([-1.0, 1.0], size=(n, 1))
    line = middle[:, None] + scale[:, None] * slope * np.arange(values.shape[1])
    return np.where((kind > 0.14) & (kind < 0.22), line, values)
