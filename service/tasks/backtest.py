"""Rolling-origin evaluation: the end of a series forecast from what came before, and measured.

Axis letters: Q steps ahead, L the levels of WQL.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.forecast_metrics import (
    MEDIAN,
    WQL_LEVELS,
    Values,
    naive_point,
    pinball,
    seasonal_error,
    symmetric_errors,
)
from service.errors import Fault, InvalidInput
from service.tasks.backtest_api import BacktestRequest
from service.tasks.contract import MAX_ITEMS, Payload
from service.tasks.forecast_api import ForecastRequest

# Known values that a forecast needs before it: fewer say nothing about the scale of the series.
FEWEST_KNOWN = 3


@dataclass(frozen=True)
class Window:
    """One origin of one series: what was known, and what came."""

    at: int
    past: Values
    truth: Values


@dataclass(frozen=True)
class Measured:
    """A window and its forecast: sums, so that windows of all sizes can be joined.

    ``scaled_error`` and ``naive_scaled_error`` are NaN where the past has no scale.
    """

    window: Window
    quantiles: Values  # (Q, L)
    naive: Values  # (Q,)
    season_length: int
    scaled_error: float
    naive_scaled_error: float
    symmetric: Values
    naive_symmetric: Values
    loss: float
    magnitude: float
    inside: Values


def windows_of(request: BacktestRequest) -> list[Window]:
    """The windows of all series, the latest of each first.

    Raises:
        InvalidInput: a series is too short for one window, or there are too many windows.
    """
    found = [list(_of_series(at, values, request)) for at, values in enumerate(request.series)]
    faults = [Fault(("series", at), _too_short(request)) for at, own in enumerate(found) if not own]
    if faults:
        raise InvalidInput(faults)
    windows = [window for own in found for window in own]
    if len(windows) > MAX_ITEMS:
        message = f"{len(windows):,} windows in all, at most {MAX_ITEMS:,}: send fewer series"
        raise InvalidInput([Fault(("windows",), message)])
    return windows


def forecast_request(request: BacktestRequest, windows: Sequence[Window]) -> ForecastRequest:
    """The question that the forecaster has to answer."""
    series = [request.series[window.at][: len(window.past)] for window in windows]
    return ForecastRequest.model_construct(
        series=series,
        horizon=request.steps(),
        season_length=request.season_length,
        quantiles=list(WQL_LEVELS),
        levels=None,
    )


def of_series(error: InvalidInput, windows: Sequence[Window]) -> InvalidInput:
    """The same faults, at the series that the caller sent instead of at their windows."""
    return InvalidInput([_at_series(fault, windows) for fault in error.faults])


def measure(window: Window, forecast: Payload) -> Measured:
    """Compare a forecast, as /forecast answers it, with what came."""
    quantiles = np.array([forecast["quantiles"][repr(level)] for level in WQL_LEVELS]).T  # (Q, L)
    season, truth = int(forecast["season_length"]), window.truth
    naive = naive_point(window.past, season, len(truth))
    scale = seasonal_error(window.past, season) or float("nan")
    median = quantiles[:, MEDIAN]
    known = np.isfinite(truth)
    return Measured(
        window=window,
        quantiles=quantiles,
        naive=naive,
        season_length=season,
        scaled_error=float(np.nanmean(np.abs(truth - median))) / scale,
        naive_scaled_error=float(np.nanmean(np.abs(truth - naive))) / scale,
        symmetric=symmetric_errors(truth, median)[known],
        naive_symmetric=symmetric_errors(truth, naive)[known],
        loss=2.0 * float(np.nansum(pinball(truth, quantiles, WQL_LEVELS))) / len(WQL_LEVELS),
        magnitude=float(np.nansum(np.abs(truth))),
        inside=((truth >= quantiles[:, 0]) & (truth <= quantiles[:, -1]))[known].astype(float),
    )


def report(request: BacktestRequest, measured: Sequence[Measured]) -> Payload:
    """Figures of each series and of all together."""
    by_series: list[list[Measured]] = [[] for _ in request.series]
    for each in measured:
        by_series[each.window.at].append(each)
    together = _figures(measured) | {"n_windows": len(measured)}
    return {
        "series": [_of_one(own, shown=request.forecasts) for own in by_series],
        "together": together,
    }


def _of_series(
    at: int, values: Sequence[float | None], request: BacktestRequest
) -> Iterator[Window]:
    series = np.array(values, dtype=np.float64)
    horizon, known = request.steps(), np.cumsum(np.isfinite(series))
    step = request.step or horizon
    latest = len(series) - horizon
    for origin in range(latest, latest - step * request.windows, -step):
        if origin < 1 or known[origin - 1] < FEWEST_KNOWN:
            return
        truth = series[origin : origin + horizon]
        if np.isfinite(truth).any():
            yield Window(at, series[:origin], truth)


def _too_short(request: BacktestRequest) -> str:
    fewest = request.steps() + FEWEST_KNOWN
    return (
        f"Too short: {request.steps()} steps to forecast and {FEWEST_KNOWN} known values before "
        f"them need at least {fewest} values; send more or a smaller horizon"
    )


def _at_series(fault: Fault, windows: Sequence[Window]) -> Fault:
    match fault.place:
        case ("series", int(number), *rest):
            return Fault(("series", windows[number].at, *rest), fault.message)
    return fault


def _of_one(own: Sequence[Measured], *, shown: bool) -> Payload:
    found = _figures(own) | {
        "origins": [len(each.window.past) for each in own],
        "season_length": own[0].season_length,
    }
    return found | {"windows": [_shown(each) for each in own]} if shown else found


def _figures(measured: Sequence[Measured]) -> Payload:
    mase = _mean([each.scaled_error for each in measured])
    naive_mase = _mean([each.naive_scaled_error for each in measured])
    magnitude = sum(each.magnitude for each in measured)
    return {
        "accuracy": {
            "mase": mase,
            "smape": _mean(np.concatenate([each.symmetric for each in measured])),
            "wql": sum(each.loss for each in measured) / magnitude if magnitude else None,
            "coverage_80": _mean(np.concatenate([each.inside for each in measured])),
        },
        "naive": {
            "mase": naive_mase,
            "smape": _mean(np.concatenate([each.naive_symmetric for each in measured])),
        },
        "skill": 1.0 - mase / naive_mase if mase is not None and naive_mase else None,
    }


def _mean(values: Sequence[float] | Values) -> float | None:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _shown(each: Measured) -> Payload:
    return {
        "origin": len(each.window.past),
        "truth": [value if np.isfinite(value) else None for value in each.window.truth.tolist()],
        "median": each.quantiles[:, MEDIAN].tolist(),
        "low": each.quantiles[:, 0].tolist(),
        "high": each.quantiles[:, -1].tolist(),
        "naive": each.naive.tolist(),
    }
