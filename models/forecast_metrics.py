"""How good a forecast was: what training, benchmarks and the service all measure alike; no torch.

Axis letters: Q steps ahead, L quantile levels.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

# The levels over which WQL is defined here, whatever a model offers besides.
WQL_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MEDIAN = WQL_LEVELS.index(0.5)


def filled(past: Values) -> Values:
    """Missing values by linear interpolation."""
    known = np.flatnonzero(np.isfinite(past))
    return np.interp(np.arange(len(past)), known, past[known])


def naive_point(past: Values, season_length: int, horizon: int) -> Values:
    """Seasonal naive: the last season again and again; the last value where there is no season."""
    lag = season_length if len(past) >= season_length else 1
    return np.resize(filled(past)[-lag:], horizon)


def seasonal_error(past: Values, season_length: int) -> float:
    """Mean absolute in-sample error of the seasonal naive; NaN where it cannot be known.

    A past of one season or less, or a season not known, is taken without season.

    Source: Hyndman & Koehler 2006, the scale of MASE.
    """
    lag = season_length if 0 < season_length < len(past) else 1
    errors = np.abs(past[lag:] - past[:-lag])
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if known.size else float("nan")


def pinball(truth: Values, quantiles: Values, levels: Sequence[float]) -> Values:
    """Pinball loss of each step and level.

    Shape:
        truth: (Q,); quantiles: (Q, L); returns: (Q, L).
    """
    error = truth[:, None] - quantiles
    level = np.asarray(levels)
    return np.maximum(level * error, (level - 1.0) * error)


def symmetric_errors(truth: Values, point: Values) -> Values:
    """Absolute percentage errors over the mean of both magnitudes, 0 to 200; 0 where both are 0.

    Source: Makridakis 1993 (sMAPE, as in the M4 competition).
    """
    size = np.abs(truth) + np.abs(point)
    error = np.abs(truth - point)
    shares = np.where(np.isnan(size), np.nan, 0.0)
    np.divide(error, size, out=shares, where=size > 0)
    return 200.0 * shares
