"""What a forecaster must beat: seasonal naive and the classical Theta method.

Both answer with quantiles at ``WQL_LEVELS``, steps by levels.
"""

from statistics import NormalDist

import numpy as np

from models.forecast_metrics import WQL_LEVELS, filled, naive_point
from training.forecast.series import Values

ALPHAS = np.linspace(0.02, 1.0, 50)
_NORMAL = np.array([NormalDist().inv_cdf(level) for level in WQL_LEVELS])


def seasonal_naive(past: Values, season_length: int, horizon: int) -> Values:
    """Repeat the last season; every quantile is the point, as in the published comparison."""
    point = naive_point(past, season_length, horizon)
    return np.repeat(point[:, None], len(WQL_LEVELS), axis=1)


def theta(past: Values, season_length: int, horizon: int) -> Values:
    """Simple exponential smoothing plus half the linear trend of the deseasonalised series.

    Multiplicative indices where the series is positive and its autocorrelation at the season is
    significant at 90 %; normal quantiles from the one-step errors.

    Source: Assimakopoulos & Nikolopoulos 2000; Hyndman & Billah 2003.
    """
    series = filled(past)
    index = seasonal_index(series, season_length)
    adjusted = series / np.resize(index, len(series))
    level, alpha, sigma = _smooth(adjusted)
    slope = float(np.polyfit(np.arange(len(series)), adjusted, 1)[0]) if len(series) > 2 else 0.0
    ahead = np.arange(1, horizon + 1)
    lag = (1.0 - (1.0 - alpha) ** len(series)) / alpha
    point = level + 0.5 * slope * (ahead - 1 + lag)
    spread = sigma * np.sqrt(1.0 + (ahead - 1) * alpha**2)
    season = np.resize(np.roll(index, -(len(series) % len(index))), horizon)
    return np.asarray((point[:, None] + spread[:, None] * _NORMAL) * season[:, None])


def seasonal_index(series: Values, season_length: int) -> Values:
    """Multiplicative indices from the first step on; ones where there is no season."""
    m, n = season_length, len(series)
    if m < 2 or n < 2 * m or series.min() <= 0 or not _is_seasonal(series, m):
        return np.ones(max(m, 1))
    kernel = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    trend = np.convolve(series, kernel, mode="valid")
    half = (len(kernel) - 1) // 2
    ratio = series[half : half + len(trend)] / trend
    phase = (half + np.arange(len(trend))) % m
    index = np.array([ratio[phase == p].mean() if (phase == p).any() else 1.0 for p in range(m)])
    return np.asarray(index / index.mean())


def _is_seasonal(series: Values, m: int) -> bool:
    centred = series - series.mean()
    power = float(centred @ centred)
    if power <= 0:
        return False
    lags = np.array([centred[k:] @ centred[:-k] for k in range(1, m + 1)]) / power
    limit = 1.645 * np.sqrt((1.0 + 2.0 * (lags[:-1] ** 2).sum()) / len(series))
    return bool(abs(lags[-1]) > limit)


def _smooth(series: Values) -> tuple[float, float, float]:
    """Last level, smoothing weight with the least one-step error, and that error."""
    level = np.full(len(ALPHAS), series[0])
    squares = np.zeros(len(ALPHAS))
    for value in series[1:]:
        error = value - level
        squares += error**2
        level = level + ALPHAS * error
    best = int(squares.argmin())
    sigma = np.sqrt(squares[best] / max(1, len(series) - 1))
    return float(level[best]), float(ALPHAS[best]), float(sigma)
