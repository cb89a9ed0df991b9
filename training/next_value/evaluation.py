"""How well one step and many steps ahead are forecast, beside the seasonal naive."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.forecaster import QUANTILE_LEVELS
from models.step_forecaster import StepForecaster
from training.forecast.baselines import seasonal_naive
from training.forecast.series import Values
from training.next_value.series import OneSeries

INTERVAL = (QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9))
FEWEST_ORIGINS = 6  # for a spread at one distance


@dataclass(frozen=True)
class Test:
    """The held-out part and what was forecast of it.

    ``one_step`` knows the true past of every point; ``from_origin`` starts at the end of the
    training part and knows nothing after it, as far as the export's horizon reaches.

    Shape:
        truth, one_step, naive_one_step: (test points,).
        from_origin, naive_from_origin: (steps,); quantiles: (steps, L).
    """

    truth: Values
    one_step: Values
    one_step_quantiles: Values
    naive_one_step: Values
    from_origin: Values
    quantiles: Values
    naive_from_origin: Values

    def figures(self) -> dict[str, float]:
        """Mean squared errors and their ratios; shares of the truth inside the 80 % interval."""
        ahead = self.truth[: len(self.from_origin)]
        found = {
            "test_mse": mse(self.truth, self.one_step),
            "naive_mse": mse(self.truth, self.naive_one_step),
            "from_origin_mse": mse(ahead, self.from_origin),
            "naive_from_origin_mse": mse(ahead, self.naive_from_origin),
            "coverage_80": inside(self.truth, self.one_step_quantiles),
            "from_origin_coverage_80": inside(ahead, self.quantiles),
        }
        found["relative_rmse"] = (found["test_mse"] / found["naive_mse"]) ** 0.5
        ratio = found["from_origin_mse"] / found["naive_from_origin_mse"]
        found["from_origin_relative_rmse"] = ratio**0.5
        return found


def judge(forecaster: StepForecaster, series: OneSeries) -> Test:
    """Forecast the held-out part both ways."""
    values, first = series.values, series.n_training
    mean, quantiles = forecasts(forecaster, values, np.arange(first, len(values)))
    steps = min(forecaster.horizon, len(values) - first)
    lag = series.season_length
    return Test(
        truth=values[first:],
        one_step=mean[:, 0],
        one_step_quantiles=quantiles[:, 0],
        naive_one_step=values[first - lag : len(values) - lag],
        from_origin=mean[0, :steps],
        quantiles=quantiles[0, :steps],
        naive_from_origin=seasonal_naive(series.training, lag, steps)[:, 0],
    )


def one_step_ahead(forecaster: StepForecaster, values: Values, first: int) -> Values:
    """Forecast every value from ``first`` on, each knowing all values before it."""
    return forecasts(forecaster, values, np.arange(first, len(values)))[0][:, 0]


def forecasts(
    forecaster: StepForecaster, values: Values, origins: NDArray[np.int64]
) -> tuple[Values, Values]:
    """Mean (origins, Q) and quantiles (origins, Q, L) of what follows ``values[:origin]``."""
    rows, season = pasts(forecaster, values, origins)
    with torch.inference_mode():
        mean, quantiles, _ = forecaster(rows, season)
    return mean.double().numpy(), quantiles.double().numpy()


def pasts(
    forecaster: StepForecaster, values: Values, origins: NDArray[np.int64]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The past of every origin as a row, right-aligned; season lengths of 0."""
    longest = min(int(origins.max()), forecaster.context_length)
    rows = np.full((len(origins), longest), np.nan, dtype=np.float32)
    for row, origin in enumerate(origins):
        past = values[max(0, origin - longest) : origin]
        rows[row, longest - len(past) :] = past
    return torch.from_numpy(rows), torch.zeros(len(origins), dtype=torch.int64)


def measured_spread(forecaster: StepForecaster, values: Values, first: int) -> torch.Tensor:
    """(Q,) standard deviation, in the view's base, of errors a number of steps ahead.

    From every origin since ``first`` the rest of ``values`` is forecast. Errors grow as a power
    of the distance between none and the first, which is fitted to what was measured.
    """
    origins = np.arange(first, len(values))
    everything = torch.from_numpy(values).unsqueeze(0)
    with torch.inference_mode():
        truth = forecaster.look(everything, torch.zeros(1, dtype=torch.int64)).base[0].numpy()
        path = forecaster.base_path(forecaster.see(*pasts(forecaster, values, origins))).numpy()
    reach = min(forecaster.horizon, len(origins) - FEWEST_ORIGINS + 1)
    distances = np.arange(1, max(reach, 1) + 1)
    errors = [
        truth[origins[: len(origins) - d + 1] + d - 1] - path[: len(origins) - d + 1, d - 1]
        for d in distances
    ]
    logs = np.log([np.sqrt((error**2).mean()) + 1e-9 for error in errors])
    slope = np.polyfit(np.log(distances), logs, 1)[0] if len(distances) > 1 else 0.5
    slope = float(np.clip(slope, 0.0, 1.0))
    level = float((logs - slope * np.log(distances)).mean())
    ahead = np.arange(1, forecaster.horizon + 1)
    return torch.from_numpy(np.exp(level) * ahead**slope)


def mse(truth: Values, predicted: Values) -> float:
    """Mean squared error."""
    return float(((truth - predicted) ** 2).mean())


def inside(truth: Values, quantiles: Values) -> float:
    """Share of the truth inside the 80 % interval."""
    low, high = quantiles[:, INTERVAL[0]], quantiles[:, INTERVAL[1]]
    return float(((truth >= low) & (truth <= high)).mean())
