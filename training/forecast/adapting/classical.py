"""The classical methods of statsforecast on the measured windows, within a time limit each."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.forecast_metrics import WQL_LEVELS, filled
from training.errors import Interrupted
from training.fine_tuning.recommendation import FEWEST_ITEMS
from training.forecast.metrics import Case
from training.forecast.series import Values
from training.interruption import InterruptionFlag
from training.progress import TrainingProgress

# The names of people, and statsforecast's.
METHODS = {
    "seasonal naive": "SeasonalNaive",
    "AutoTheta": "AutoTheta",
    "AutoETS": "AutoETS",
    "AutoCES": "AutoCES",
    "AutoARIMA": "AutoARIMA",
}
INTERVALS = [20, 40, 60, 80]
# AutoARIMA searches for minutes where seasons are long; there it is left out.
LONGEST_ARIMA_SEASON = 12
LONGEST_ARIMA_PAST = 300
ENOUGH = 2 * FEWEST_ITEMS
PATIENCE = 4  # times the limit after which even fewer windows must do


@dataclass(frozen=True)
class Answers:
    """Quantiles of each window (steps, 9), ``None`` where none were given; seconds it took."""

    quantiles: list[Values | None]
    seconds: float


def methods_for(cases: Sequence[Case]) -> list[str]:
    """The methods that are affordable for such series."""
    short = all(
        case.season_length <= LONGEST_ARIMA_SEASON and len(case.past) <= LONGEST_ARIMA_PAST
        for case in cases
    )
    return [name for name in METHODS if short or name != "AutoARIMA"]


def forecast_classical(
    name: str, cases: Sequence[Case], order: Sequence[int], *, limit_s: float
) -> Answers:
    """Forecast the windows in the order given until the time is up.

    A few are answered even if that takes longer, since fewer prove nothing.

    Raises:
        Interrupted: Ctrl-C or SIGTERM.
    """
    quantiles: list[Values | None] = [None] * len(cases)
    model_of(name, 1)  # loading the library is no part of the method's time
    started = time.monotonic()
    with (
        InterruptionFlag() as interruption,
        TrainingProgress(name, steps=len(cases), done=0, unit="windows") as progress,
    ):
        for done, place in enumerate(order, 1):
            quantiles[place] = answer(name, cases[place])
            passed = time.monotonic() - started
            progress.counted(done, done / max(passed, 1e-9))
            if interruption.raised:
                raise Interrupted(f"stopped while measuring {name}; --resume goes on")
            if passed > limit_s and (done >= ENOUGH or passed > PATIENCE * limit_s):
                break
    return Answers(quantiles, time.monotonic() - started)


def model_of(name: str, season_length: int) -> Any:
    """Statsforecast's model; the library takes seconds to load."""
    from statsforecast import models  # noqa: PLC0415

    return getattr(models, METHODS[name])(season_length=season_length)


def answer(name: str, case: Case) -> Values | None:
    """Quantiles at ``WQL_LEVELS``; ``None`` where the method fails on this past."""
    past = filled(case.past)
    season = case.season_length if 1 < case.season_length <= len(past) // 2 else 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a fit that did not converge: the error shows it
            raw = model_of(name, season).forecast(y=past, h=len(case.future), level=INTERVALS)
    except Exception:  # noqa: BLE001 - such methods raise many kinds for what they cannot fit
        return None
    low = [raw[f"lo-{level}"] for level in reversed(INTERVALS)]
    high = [raw[f"hi-{level}"] for level in INTERVALS]
    table = np.stack([*low, raw["mean"], *high], axis=1).astype(np.float64)
    table = np.where(np.isfinite(table), table, table[:, [len(INTERVALS)]])
    if not np.isfinite(table).all() or table.shape[1] != len(WQL_LEVELS):
        return None
    return np.sort(table, axis=1)
