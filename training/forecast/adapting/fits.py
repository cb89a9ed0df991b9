"""The three trainings of an adaptation: measured, from nothing, and the one that is exported."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.forecaster import Forecaster
from training.checkpoint import CHECKPOINT_FILE
from training.forecast.adapting.batches import OwnBatches
from training.forecast.adapting.parent import Start
from training.forecast.adapting.plan import BacktestPlan
from training.forecast.adapting.task import AdaptingTask
from training.forecast.config import ForecastTraining
from training.forecast.metrics import Case
from training.forecast.series import Series
from training.loop import History, fit

SCRATCH_RATE = 2e-3  # that of a training from nothing
SCRATCH_DECAY = 0.99


@dataclass(frozen=True)
class Fit:
    """A trained network, what happened, and the error of the step that it started from."""

    network: Forecaster
    history: History
    start_error: float
    seconds: float

    @property
    def best_step(self) -> int:
        """The step that chose itself; 0 where no step was better than none."""
        return self.history.best_step


def fit_adapted(start: Start, plan: BacktestPlan) -> Fit:
    """Adapt to what comes before the measured windows; the windows in between choose the step."""
    done = _fit(start.network(), plan.learned, plan.inner, _phase(start.config, "adapted"), plan)
    if done.history.best < done.start_error:
        return done
    done.history.best_step = 0  # no step was better than the export as it is
    return replace(done, network=start.network().eval())


def fit_from_scratch(start: Start, plan: BacktestPlan) -> Fit:
    """Train the same network from random weights on the same windows."""
    config = replace(
        _phase(start.config, "scratch"),
        steps=start.config.scratch_steps,
        validate_every=2 * start.config.validate_every,
        learning_rate=SCRATCH_RATE,
        average_decay=SCRATCH_DECAY,
        schedule="cosine",
    )
    return _fit(start.untrained(), plan.learned, plan.inner, config, plan)


def fit_final(start: Start, plan: BacktestPlan, steps: int) -> Fit:
    """Adapt to everything there is, for as many steps as were best before."""
    config = replace(
        _phase(start.config, "final"),
        steps=max(steps, 1),
        validate_every=max(steps, 1),
        keep="last",
    )
    if not steps:
        return Fit(start.network().eval(), History(), float("nan"), 0.0)
    return _fit(start.network(), plan.whole, plan.inner, config, plan)


def _fit(
    network: Forecaster,
    series: Sequence[Series],
    inner: Sequence[Case],
    config: ForecastTraining,
    plan: BacktestPlan,
) -> Fit:
    started = time.monotonic()
    batches = OwnBatches(series, config, plan.ahead)
    task = AdaptingTask(network, batches, inner, config.magnitude_share)
    before = task.validate(network.eval())["error"]
    history = fit(task, config, title=config.name)
    seconds = max(history.wall_time_s, time.monotonic() - started)
    return Fit(network.eval(), history, before, seconds)


def _phase(config: ForecastTraining, name: str) -> ForecastTraining:
    """Its own folder of checkpoints; resumed only where there is one."""
    phase = replace(config, runs=config.run_folder, name=name)
    return replace(phase, resume=config.resume and (phase.run_folder / CHECKPOINT_FILE).is_file())
