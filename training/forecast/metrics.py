"""MASE and WQL, and how several data sets become one figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.forecast.series import Values

# The levels over which WQL is defined here, whatever a model offers besides.
WQL_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MEDIAN = WQL_LEVELS.index(0.5)


@dataclass(frozen=True)
class Score:
    """Accuracy on one data set; lower is better."""

    mase: float
    wql: float


@dataclass(frozen=True)
class Case:
    """A past to forecast from and the truth that followed."""

    name: str
    past: Values
    future: Values
    season_length: int


def seasonal_error(past: Values, season_length: int) -> float:
    """Mean absolute in-sample error of the seasonal naive; NaN where it cannot be known.

    A past of one season or less, or a season not known, is taken without season.
    """
    lag = season_length if 0 < season_length < len(past) else 1
    errors = np.abs(past[lag:] - past[:-lag])
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if known.size else float("nan")


def pinball(truth: Values, quantiles: Values, levels: Sequence[float]) -> Values:
    """Pinball loss of each step and level.

    Shape:
        truth: (steps,); quantiles: (steps, levels); returns: (steps, levels).
    """
    error = truth[:, None] - quantiles
    level = np.asarray(levels)
    return np.maximum(level * error, (level - 1.0) * error)


def score(cases: Sequence[Case], quantiles: Sequence[Values]) -> Score:
    """MASE of the median and WQL of one data set.

    MASE is the mean over series of mean absolute error / seasonal error; series whose seasonal
    error is zero or unknown are left out of it. WQL is twice the pinball loss summed over series,
    steps and the nine levels, over nine times the sum of the magnitudes of the truth.

    Shape:
        quantiles: for each case (steps, 9) at ``WQL_LEVELS``.

    Source: Hyndman & Koehler 2006 (MASE); the definitions of the fev benchmark.
    """
    ratios: list[float] = []
    loss = magnitude = 0.0
    for case, forecast in zip(cases, quantiles, strict=True):
        scale = seasonal_error(case.past, case.season_length)
        error = float(np.nanmean(np.abs(case.future - forecast[:, MEDIAN])))
        if scale > 0:
            ratios.append(error / scale)
        loss += float(np.nansum(pinball(case.future, forecast, WQL_LEVELS)))
        magnitude += float(np.nansum(np.abs(case.future)))
    wql = 2.0 * loss / (len(WQL_LEVELS) * magnitude) if magnitude else float("nan")
    return Score(float(np.mean(ratios)) if ratios else float("nan"), wql)


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of positive numbers, the usual mean of ratios."""
    logs: npt.NDArray[np.float64] = np.log(np.asarray(values, dtype=np.float64))
    return float(np.exp(logs.mean()))
