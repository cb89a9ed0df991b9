"""Windows of the user's own series, with some simulated ones so that nothing is forgotten."""

from collections.abc import Sequence

import numpy as np

from training.devices import step_generator
from training.forecast.batches import Batch, collate, simulated
from training.forecast.config import ForecastTraining
from training.forecast.series import Series
from training.forecast.sources import weight_of
from training.forecast.windows import Example, changed, mixed

SHORTENED_SHARE = 0.3
OTHER_AHEAD_SHARE = 0.25
CHANGED_SHARE = 0.3
MIXED_SHARE = 0.1
SHORTEST_PAST = 3


class OwnBatches:
    """Random access to batches; each is a function of the seed and the step alone.

    Windows look as the service will see them: all that is known up to a step, forecast as far as
    the user's horizon, on the user's own grid. A share is cut shorter, bent or mixed.
    """

    def __init__(self, series: Sequence[Series], config: ForecastTraining, ahead: int) -> None:
        self._series = [item for item in series if len(item.values) > SHORTEST_PAST]
        shares = np.array([weight_of(item) for item in self._series])
        self._cumulated = np.cumsum(shares / shares.sum())
        self._config = config
        self._ahead = ahead
        longest = max(len(item.values) for item in self._series)
        self._context = min(config.context_length, max(longest, 16))
        self._real = max(1, round(config.batch_size * config.real_share))

    def batch(self, step: int) -> Batch:
        """The batch of one step."""
        rng = step_generator(self._config.seed, step)
        examples = [self._draw(rng) for _ in range(self._real)]
        n_simulated = self._config.batch_size - self._real
        examples += simulated(rng, n_simulated, self._context, self._config.horizon)
        useful = [e for e in examples if _can_be_learned(e)]
        return collate(rng, useful, self._context, self._config.horizon)

    def _draw(self, rng: np.random.Generator) -> Example:
        example = self._window(rng)
        if rng.random() < MIXED_SHARE:
            example = mixed(rng, example, self._window(rng))
        return changed(rng, example) if rng.random() < CHANGED_SHARE else example

    def _window(self, rng: np.random.Generator) -> Example:
        place = int(np.searchsorted(self._cumulated, rng.random(), side="right"))
        series = self._series[min(place, len(self._series) - 1)]
        n = len(series.values)
        ahead = self._ahead
        if rng.random() < OTHER_AHEAD_SHARE:
            ahead = int(rng.integers(1, self._config.horizon + 1))
        ahead = min(ahead, max(1, n // 3))
        season = max(series.season_length, 1)
        earliest = min(n - ahead, max(SHORTEST_PAST, min(2 * season, n // 3)))
        cut = int(rng.integers(earliest, n - ahead + 1))
        length = min(cut, self._context)
        if rng.random() < SHORTENED_SHARE:
            length = int(np.exp(rng.uniform(np.log(SHORTEST_PAST), np.log(length + 1))))
        past = series.values[cut - min(length, cut) : cut]
        return Example(past, series.values[cut : cut + ahead], season)


def _can_be_learned(example: Example) -> bool:
    """Whether the past has two known values and the future one."""
    return np.isfinite(example.past).sum() > 1 and bool(np.isfinite(example.future).any())
