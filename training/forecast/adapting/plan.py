"""Which steps of the user's series are learned from, which choose the step, which are measured.

::

    |------- learned from -------|-- chooses the step --|--- measured: the last windows ---|

Nothing that is measured, or comes after it, is seen by what is measured. The windows of a series
follow each other without overlap; each is forecast from everything before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.errors import DataError
from training.fine_tuning.recommendation import FEWEST_ITEMS
from training.forecast.config import ForecastTraining
from training.forecast.metrics import Case
from training.forecast.series import Series
from training.forecast.sources import OTHER_HORIZON, USUAL_HORIZON

USUAL_ORIGINS = 3
FEWEST_WINDOWS = 8  # in all, where series are few
INNER_WINDOWS = 2
SHORTEST_LEARNED = 8
SHORTEST_AHEAD = 2
ENOUGH_SERIES = FEWEST_ITEMS  # so many are judged series by series, fewer window by window


@dataclass(frozen=True)
class Item:
    """A window to measure on: its series, and how many windows of that series come after it."""

    series: str
    later: int
    case: Case


@dataclass(frozen=True)
class BacktestPlan:
    """The user's series, cut.

    ``learned`` are cut before the windows that choose the step, ``known`` before the measured
    ones, ``whole`` not at all; the three are in the same order.
    """

    whole: list[Series]
    known: list[Series]
    learned: list[Series]
    inner: list[Case]
    items: list[Item]
    ahead: int

    @property
    def cases(self) -> list[Case]:
        """What each measured window forecasts from, and its truth."""
        return [item.case for item in self.items]

    @property
    def groups(self) -> list[object]:
        """What counts as one observation: a series, or a window where series are few."""
        names = [item.series for item in self.items]
        return list(names) if len(set(names)) >= ENOUGH_SERIES else list(range(len(names)))

    @property
    def words(self) -> str:
        """The back-test in a sentence."""
        series = len({item.series for item in self.items})
        return (
            f"{len(self.items)} windows at the ends of {series} series, up to {self.ahead} steps "
            "each; nothing in them was learned from"
        )


@dataclass(frozen=True)
class _Cut:
    """How one series is cut."""

    series: Series
    ahead: int
    origins: int
    inner: int

    @property
    def known(self) -> int:
        return len(self.series.values) - self.origins * self.ahead

    @property
    def learned(self) -> int:
        return self.known - self.inner * self.ahead

    def case(self, end: int) -> Case:
        values = self.series.values
        past, future = values[: end - self.ahead], values[end - self.ahead : end]
        return Case(self.series.name, past, future, self.series.season_length)


def plan_backtest(series: Sequence[Series], config: ForecastTraining, longest: int) -> BacktestPlan:
    """Cut the series; ``longest`` is how far the parent forecasts.

    Raises:
        DataError: too little is left to learn from or to measure on.
    """
    if config.ahead is not None and config.ahead > longest:
        raise DataError(
            f"--ahead {config.ahead}: the export forecasts {longest} steps; ask for fewer"
        )
    cuts = [_cut(item, config, longest, len(series)) for item in series]
    usable = [cut for cut in cuts if cut is not None]
    items = _items(usable, config)
    inner = [
        cut.case(cut.known - n * cut.ahead)
        for cut in _drawn(usable, config)
        for n in range(cut.inner)
    ]
    if len(items) < FEWEST_ITEMS or not any(_known(case) for case in inner):
        raise DataError(_too_little(series, items))
    return BacktestPlan(
        whole=[cut.series for cut in usable],
        known=[_until(cut.series, cut.known) for cut in usable],
        learned=[_until(cut.series, cut.learned) for cut in usable],
        inner=[case for case in inner if _known(case)],
        items=items,
        ahead=max(cut.ahead for cut in usable),
    )


def _cut(series: Series, config: ForecastTraining, longest: int, n_series: int) -> _Cut | None:
    n = len(series.values)
    usual = USUAL_HORIZON.get(series.season_length, OTHER_HORIZON)
    if series.future is not None:
        usual = len(series.future)
    ahead = min(config.ahead or usual, longest)
    most = config.origins or int(np.clip(-(-FEWEST_WINDOWS // n_series), USUAL_ORIGINS, 8))
    fewest = most if config.origins or n_series < FEWEST_WINDOWS else 1
    origins = next((k for k in range(most, fewest, -1) if n >= _room(k) * ahead), fewest)
    if config.ahead is None:
        ahead = min(ahead, n // _room(origins))
    inner = min(INNER_WINDOWS, (n - origins * ahead - SHORTEST_LEARNED) // max(ahead, 1))
    if ahead < min(SHORTEST_AHEAD, config.ahead or longest) or inner < 1:
        return None
    return _Cut(series, ahead, origins, inner)


def _room(origins: int) -> int:
    """Windows in a series of which ``origins`` are measured: about half is never held out."""
    return 2 * origins + INNER_WINDOWS


def _drawn(cuts: list[_Cut], config: ForecastTraining) -> list[_Cut]:
    """As many series as are measured, the same ones for the same seed."""
    if len(cuts) <= config.measured_series:
        return cuts
    random = np.random.default_rng(config.seed)
    chosen = random.choice(len(cuts), config.measured_series, replace=False)
    return [cuts[place] for place in sorted(chosen)]


def _items(cuts: list[_Cut], config: ForecastTraining) -> list[Item]:
    items = [
        Item(cut.series.name, later, cut.case(len(cut.series.values) - later * cut.ahead))
        for cut in _drawn(cuts, config)
        for later in reversed(range(cut.origins))
    ]
    return [item for item in items if _known(item.case)]


def _known(case: Case) -> bool:
    """Whether there is something to measure, and a past that says how large errors are."""
    return bool(np.isfinite(case.future).any()) and np.isfinite(case.past).sum() >= 3


def _until(series: Series, end: int) -> Series:
    """The series up to a step, without a test part and without missing values at its end."""
    values = series.values[:end]
    known = np.flatnonzero(np.isfinite(values))
    return replace(series, values=values[: known[-1] + 1] if known.size else values, future=None)


def _too_little(series: Sequence[Series], items: list[Item]) -> str:
    longest = max(len(item.values) for item in series)
    return (
        f"{len(series)} series of at most {longest} values leave {len(items)} windows to measure "
        f"on, and fewer than {FEWEST_ITEMS} prove nothing: use the export as it is (it needs no "
        "training), or give more or longer series"
    )
