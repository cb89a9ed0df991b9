"""Dates made into a regular grid, and the season that goes with it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.errors import DataError
from training.forecast.series import DETECT, Values

DAY_S = 86_400
# Calendar steps that are not of equal length: days between dates, period, its name, season.
CALENDAR_STEPS = (
    (28, 31, "M", "month", 12),
    (89, 92, "Q", "quarter", 4),
    (365, 366, "Y", "year", 1),
)
WEEKLY_SEASON, DAILY_SEASON = 52, 7
LONGEST_DAY = 288  # steps in a day up to which the day is the season: five minutes
MOST_GAPS = 20  # steps of the grid for each date that is there


def on_grid(place: str, values: Values, dates: pd.DatetimeIndex) -> tuple[Values, int]:
    """Sort by date and put NaN where the grid has no date; also the season length.

    Raises:
        DataError: a date comes twice, or the dates keep to no grid.
    """
    order = np.argsort(dates.to_numpy(), kind="stable")
    values, dates = values[order], dates[order]
    twice = dates.duplicated()
    if twice.any():
        raise DataError(f"{place}: the date {dates[twice][0]} comes twice; keep one row of each")
    if len(dates) < 2:
        return values, DETECT
    step, season = _steps(place, dates)
    if step[-1] + 1 > MOST_GAPS * len(dates):
        raise DataError(f"{place}: the dates keep to no regular step; resample them to one")
    grid = np.full(int(step[-1]) + 1, np.nan)
    grid[step] = values
    return grid, season


def _steps(place: str, dates: pd.DatetimeIndex) -> tuple[npt.NDArray[Any], int]:
    seconds = dates.to_numpy().astype("datetime64[s]").astype(np.int64)
    gaps, counts = np.unique(np.diff(seconds), return_counts=True)
    usual = int(gaps[counts.argmax()])
    for low, high, period, name, season in CALENDAR_STEPS:
        if low * DAY_S <= usual <= high * DAY_S:
            number = dates.to_period(period).astype(np.int64).to_numpy()
            if (np.diff(number) == 0).any():
                raise DataError(f"{place}: two dates in one {name}; keep one row of each")
            return number - number[0], season
    return _fixed_steps(place, seconds, usual), season_of_step(usual)


def _fixed_steps(place: str, seconds: npt.NDArray[np.int64], usual: int) -> npt.NDArray[np.int64]:
    offset = (seconds - seconds[0]) / max(usual, 1)
    number: npt.NDArray[np.int64] = np.rint(offset).astype(np.int64)
    if usual < 1 or (np.abs(offset - number) > 0.05).any() or (np.diff(number) == 0).any():
        raise DataError(f"{place}: the dates keep to no regular step; resample them to one")
    return number


def season_of_step(step_s: int) -> int:
    """Usual season of a fixed step: the day below it, the week for days, the year for weeks."""
    if step_s == 7 * DAY_S:
        return WEEKLY_SEASON
    if step_s == DAY_S:
        return DAILY_SEASON
    if step_s < DAY_S and DAY_S % step_s == 0:
        day = DAY_S // step_s
        return day if day <= LONGEST_DAY else max(3600 // step_s, 60)
    return DETECT
