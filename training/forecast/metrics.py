"""MASE and WQL, and how several data sets become one figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.forecast_metrics import MEDIAN, WQL_LEVELS, pinball, seasonal_error
from training.forecast.series import Values


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
