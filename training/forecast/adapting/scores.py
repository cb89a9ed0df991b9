"""How well a candidate forecast the measured windows: a figure a window, and all together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.forecast_metrics import (
    MEDIAN,
    WQL_LEVELS,
    pinball,
    seasonal_error,
    symmetric_errors,
)
from training.forecast.metrics import Case
from training.forecast.series import Values

LOW, HIGH = WQL_LEVELS.index(0.1), WQL_LEVELS.index(0.9)
N_LEVELS = len(WQL_LEVELS)


@dataclass(frozen=True)
class Scores:
    """Figures of each window, NaN where the candidate gave no answer or there is none.

    Shape:
        every array: (windows,). ``scaled`` and ``scaled_quantile`` are in units of the seasonal
        error of the window's past; ``loss`` is the pinball loss summed over levels and steps.
    """

    scaled: Values
    scaled_quantile: Values
    symmetric: Values
    loss: Values
    magnitude: Values
    inside: Values
    n_steps: Values

    @property
    def n_answered(self) -> int:
        """Windows that the candidate answered."""
        return int(np.isfinite(self.loss).sum())

    @property
    def mase(self) -> float:
        """Mean over windows of mean absolute error / seasonal error."""
        return _mean(self.scaled)

    @property
    def quantile_error(self) -> float:
        """Mean over windows of the mean of nine pinball losses, doubled, / seasonal error.

        Its median alone would be MASE; this is what decides.
        """
        return _mean(self.scaled_quantile)

    @property
    def smape(self) -> float:
        """Mean over windows, 0 to 200."""
        return _mean(self.symmetric)

    @property
    def wql(self) -> float:
        """Weighted quantile loss over all windows."""
        known = np.isfinite(self.loss)
        whole = float(self.magnitude[known].sum())
        return 2 * float(self.loss[known].sum()) / (N_LEVELS * whole) if whole else float("nan")

    @property
    def coverage(self) -> float:
        """Share of the truth inside the 80 % interval."""
        known = np.isfinite(self.inside)
        return float(self.inside[known].sum() / max(1.0, self.n_steps[known].sum()))


def measure_all(cases: Sequence[Case], answers: Sequence[Values | None]) -> Scores:
    """Measure the answers to every window, ``None`` where there is none.

    Shape:
        answers: for each case (steps, 9) at ``WQL_LEVELS``.
    """
    rows = [_measure(case, answer) for case, answer in zip(cases, answers, strict=True)]
    return Scores(*np.array(rows, dtype=np.float64).reshape(len(rows), 7).T)


def _measure(case: Case, answer: Values | None) -> tuple[float, ...]:
    if answer is None:
        return (float("nan"),) * 7
    known = np.isfinite(case.future)
    truth, quantiles = case.future[known], answer[known]
    scale = seasonal_error(case.past, case.season_length)
    scale = scale if scale > 0 else float("nan")  # a constant past has no scale
    loss = pinball(truth, quantiles, WQL_LEVELS)
    inside = (truth >= quantiles[:, LOW]) & (truth <= quantiles[:, HIGH])
    return (
        float(np.abs(truth - quantiles[:, MEDIAN]).mean()) / scale,
        2 * float(loss.mean()) / scale,
        float(symmetric_errors(truth, quantiles[:, MEDIAN]).mean()),
        float(loss.sum()),
        float(np.abs(truth).sum()),
        float(inside.sum()),
        float(len(truth)),
    )


def _mean(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
