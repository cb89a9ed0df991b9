"""Recipes that predict the next value of one series, and go on from there."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.forecaster import QUANTILE_LEVELS
from models.manifest import Metric, TensorSpec
from training.loop import History
from training.next_value import plots
from training.next_value.config import NextValueTraining
from training.next_value.evaluation import Test, judge, measured_spread
from training.next_value.series import NOISE, OneSeries, airline, noisy_sine
from training.next_value.task import NextValueTask
from training.recipes.contract import Outcome, Plot

OPTIONS = NextValueTraining


class NextValueExperiment:
    """A series whose end is held out, and the networks that learn its beginning."""

    def __init__(self, config: NextValueTraining) -> None:
        self._config = config
        self.series = airline() if config.series == "airline" else noisy_sine(config.seed)
        self.task = NextValueTask(self.series, config)

    def outcome(self, history: History) -> Outcome:
        """Widths of the intervals from the fold, then errors on the test part, looked at once."""
        series, config = self.series, self._config
        final, fold = self.task.forecasters["final"], self.task.forecasters["fold"]
        known = len(series.training) - config.held_out
        final.spread.copy_(measured_spread(fold, series.training, known))
        test = judge(final, series)
        figures = test.figures() | _floor(series)
        figures["validation_rmse"] = history.best
        return Outcome(
            graph=final,
            task="forecast",
            inputs=INPUTS,
            outputs=_outputs(config.horizon),
            parameters={
                "horizon": config.horizon,
                "context_length": config.context_length,
                "quantile_levels": list(QUANTILE_LEVELS),
                "season_length": {"detect": 0, "none": 1, "default": series.season_length},
            },
            golden=_golden(series),
            figures=figures,
            metrics=_metrics(series, test, figures),
            plots=_plots(series, test),
            licence="weights: Apache-2.0",
        )


def prepare(config: NextValueTraining) -> NextValueExperiment:
    """Cut the series and build the networks."""
    return NextValueExperiment(config)


INPUTS = (
    TensorSpec("values", "float32", (-1, -1), ("batch", "time")),
    TensorSpec("season_length", "int64", (-1,), ("batch",)),
)


def _outputs(horizon: int) -> tuple[TensorSpec, ...]:
    n_levels = len(QUANTILE_LEVELS)
    return (
        TensorSpec("mean", "float32", (-1, horizon), ("batch", "horizon")),
        TensorSpec("quantiles", "float32", (-1, horizon, n_levels), ("batch", "horizon", "level")),
        TensorSpec("season_length", "int64", (-1,), ("batch",)),
    )


def _floor(series: OneSeries) -> dict[str, float]:
    """What no forecast can go below: the noise, as drawn in the test part and as expected."""
    if series.clean is None:
        return {}
    test = slice(series.n_training, None)
    drawn = float(((series.values[test] - series.clean[test]) ** 2).mean())
    return {"noise_mse": NOISE**2, "drawn_noise_mse": drawn}


def _metrics(series: OneSeries, test: Test, figures: dict[str, float]) -> list[Metric]:
    ahead = f"{len(test.from_origin)} steps ahead from the end of the training part"
    naive = "seasonal naive" if series.season_length > 1 else "naive"
    floor = {"noise drawn": figures["drawn_noise_mse"]} if series.clean is not None else {}
    both = [
        ("MSE one step ahead", "test_mse", {naive: figures["naive_mse"]} | floor),
        (f"MSE {ahead}", "from_origin_mse", {naive: figures["naive_from_origin_mse"]} | floor),
    ]
    note = "the last part of the series, never trained on nor used for a choice"
    return [
        Metric(name, series.name, "test", figures[key], baselines, note)
        for name, key, baselines in both
    ]


def _plots(series: OneSeries, test: Test) -> list[Plot]:
    naive = f"The past and the {series.season_length} steps before are known to both."
    return [
        Plot("Data", plots.data(series), "To the right of the line: held out."),
        Plot("One step ahead", plots.one_step(series, test), naive),
        Plot(
            "Many steps ahead from one origin",
            plots.from_origin(series, test),
            "Nothing after the origin is known. The band is the 80 % interval.",
        ),
    ]


def _golden(series: OneSeries) -> list[dict[str, NDArray[Any]]]:
    """The series, a gappy, a short, a constant row together; tiny, huge and negative ones apart."""
    past = series.training[-60:]
    gappy = np.where(np.arange(60) % 7 == 3, np.nan, past[::-1])
    short = np.where(np.arange(60) < 58, np.nan, past)
    together = np.stack([past, gappy, short, np.full(60, 7.0)])
    return [
        _example(together, [0, 12, 0, 4]),
        _example(past[None], [0]),
        _example(past[None] * 1e-20, [0]),
        _example(past[None] * 1e20, [12]),
        _example(-past[None], [1]),
        _example(np.array([[3.0]]), [0]),
    ]


def _example(values: NDArray[np.float64], season: list[int]) -> dict[str, NDArray[Any]]:
    return {"values": values.astype(np.float32), "season_length": np.array(season, np.int64)}
