"""Windows of real series: which series, where it is cut, and what is changed about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.forecast.series import Series, Values

# Horizons that are asked for, by season; longer ones are drawn less often.
HORIZONS = {1: (6, 6, 6, 10, 16), 4: (8, 8, 8, 12, 24), 12: (18, 18, 18, 24, 36)}
OTHER_HORIZONS = (13, 18, 24, 48, 64)
WHOLE_HORIZON_SHARE = 0.1
WEEKS_TO_CALENDAR = 0.8
FACTORS = (2, 3, 4, 5, 6, 7, 12, 13, 24, 26, 52)
# Weeks in a month, a quarter and a year, and the season that follows.
WEEKS = ((365.25 / 84, 12), (365.25 / 28, 4), (365.25 / 7, 1))
WEEKLY = 52
FEWEST = 12


@dataclass(frozen=True)
class Example:
    """A past, the steps that followed, and the season length; NaN where missing."""

    past: Values
    future: Values
    season_length: int


@dataclass(frozen=True)
class Augmentation:
    """Shares of the windows on a coarser grid, mixed with another, or changed otherwise."""

    coarser: float = 0.35
    mixed: float = 0.08
    changed: float = 0.36


AS_SHIPPED = Augmentation()


def draw_horizon(rng: np.random.Generator, season_length: int, longest: int) -> int:
    """How many steps ahead an example asks for."""
    usual = HORIZONS.get(season_length, OTHER_HORIZONS)
    drawn = int(usual[rng.integers(len(usual))])
    return min(longest if rng.random() < WHOLE_HORIZON_SHARE else drawn, longest)


class WindowBank:
    """Series with the shares in which they are drawn."""

    def __init__(self, series: Sequence[Series], weights: Sequence[float]) -> None:
        self._series = list(series)
        shares = np.asarray(weights, dtype=np.float64)
        self._cumulated = np.cumsum(shares / shares.sum())

    def draw(
        self,
        rng: np.random.Generator,
        context_length: int,
        horizon: int,
        augmentation: Augmentation = AS_SHIPPED,
    ) -> Example:
        """A window of a series, perhaps on a coarser grid, reversed, bent, tilted or mixed."""
        example = self._window(rng, context_length, horizon, augmentation.coarser)
        if rng.random() < augmentation.mixed:
            other = self._window(rng, context_length, horizon, augmentation.coarser)
            example = mixed(rng, example, other)
        return changed(rng, example, augmentation.changed)

    def _window(
        self,
        rng: np.random.Generator,
        context_length: int,
        horizon: int,
        coarser_share: float = AS_SHIPPED.coarser,
    ) -> Example:
        place = int(np.searchsorted(self._cumulated, rng.random(), side="right"))
        series = self._series[min(place, len(self._series) - 1)]
        values, season = coarser(rng, series.values, series.season_length, coarser_share)
        n = len(values)
        ahead = min(draw_horizon(rng, season, horizon), max(1, n // 3))
        length = _draw_length(rng, min(n - ahead, context_length), season)
        cut = int(rng.integers(length, n - ahead + 1))
        return Example(values[cut - length : cut], values[cut : cut + ahead], season)


def _draw_length(rng: np.random.Generator, longest: int, season: int) -> int:
    """All there is in about half the cases, else log-uniform; long pasts are often cut."""
    length = longest
    if rng.random() > 0.45:
        low = min(longest, 3 if rng.random() < 0.3 else max(6, 2 * season + 1))
        length = int(np.exp(rng.uniform(np.log(low), np.log(longest + 1))))
        length = max(low, min(length, longest))
    if longest > 140 and rng.random() < 0.7:
        low = max(12, min(2 * season, 100))
        length = min(length, int(np.exp(rng.uniform(np.log(low), np.log(160)))))
    return max(length, 1)


def coarser(
    rng: np.random.Generator, values: Values, season: int, share: float = AS_SHIPPED.coarser
) -> tuple[Values, int]:
    """Sometimes the same series on a coarser grid; weeks often become months or longer."""
    long_weekly = season == WEEKLY and len(values) > 200 and share > 0
    if long_weekly and rng.random() < WEEKS_TO_CALENDAR:
        return _calendar(rng, values)
    if rng.random() >= share:
        return values, max(season, 1)
    fits = [f for f in FACTORS if len(values) // f >= FEWEST and (season <= 1 or season % f == 0)]
    if not fits:
        return values, max(season, 1)
    factor = fits[int(rng.integers(len(fits)))]
    groups = values[len(values) % factor :].reshape(-1, factor)
    new = groups[:, -1] if rng.random() < 1 / 3 else groups.mean(1)
    return new, max(season // factor, 1)


def _calendar(rng: np.random.Generator, values: Values) -> tuple[Values, int]:
    weeks, season = WEEKS[int(rng.choice(3, p=[0.5, 0.25, 0.25]))]
    group = np.floor((np.arange(len(values)) + rng.uniform(0, weeks)) / weeks).astype(np.int64)
    whole = (group > 0) & (group < group[-1])  # the first and last may be cut
    size = np.bincount(group[whole] - 1)
    if len(size) < FEWEST - 2:
        return values, WEEKLY
    if rng.random() < 0.4:
        return values[whole][np.cumsum(size) - 1], season
    return np.bincount(group[whole] - 1, values[whole]) / size, season


def mixed(rng: np.random.Generator, first: Example, second: Example) -> Example:
    """A weighted sum of two examples of one season, each in its own unit."""
    n = min(len(first.past), len(second.past))
    ahead = min(len(first.future), len(second.future))
    if first.season_length != second.season_length or n < 6:
        return first
    share = rng.uniform(0.1, 0.9)
    one, two = (share / _magnitude(first.past[-n:]), (1 - share) / _magnitude(second.past[-n:]))
    past = one * first.past[-n:] + two * second.past[-n:]
    future = one * first.future[:ahead] + two * second.future[:ahead]
    return Example(past, future, first.season_length)


def _magnitude(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(np.abs(known).mean()) or 1.0 if known.size else 1.0


def changed(
    rng: np.random.Generator, example: Example, share: float = AS_SHIPPED.changed
) -> Example:
    """Turn a third of the examples over, around, bend them by a power, lift or tilt them."""
    n = len(example.past)
    both = np.concatenate([example.past, example.future])
    known = example.past[np.isfinite(example.past)]
    spread = float(known.std()) if known.size else 0.0
    kind = rng.random() * AS_SHIPPED.changed / max(share, 1e-9)
    if kind < 0.04:
        both = -both
    elif kind < 0.12:
        both = both[::-1]
    elif kind < 0.22 and np.nanmin(both, initial=np.inf) > 0:
        both = (both / np.nanmax(both, initial=0.0)) ** np.exp(rng.uniform(-0.7, 0.5))
    elif 0.22 <= kind < 0.30:
        both = both + rng.normal() * 3 * spread
    elif 0.30 <= kind < 0.36:
        both = both + rng.normal() * 2 * spread * np.arange(len(both)) / n
    return Example(both[:n], both[n:], example.season_length)
