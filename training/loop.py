"""The one training loop: every family hands it a task and gets its best weights back."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from training.averaging import WeightAverage
from training.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from training.config import TrainingConfig
from training.devices import resolve_device, seed_everything
from training.errors import DataError, Interrupted
from training.interruption import InterruptionFlag
from training.optimizers import clip_gradients, make_optimizer
from training.progress import TrainingProgress
from training.schedule import warmup_constant, warmup_cosine

Batch = TypeVar("Batch")
CHECKPOINT_INTERVAL_S = 60.0
REFRESH_INTERVAL_S = 0.25


class TrainingTask(Protocol[Batch]):
    """What a family gives the loop.

    ``batch`` is random access: it depends on the seed and ``step`` only, so that a resumed
    training sees the same batches as one that was never interrupted.
    """

    network: nn.Module
    monitor: str
    goal: Literal["min", "max"]
    unit: str

    def batch(self, step: int) -> Batch:
        """The batch of this step, on the CPU."""

    def size(self, batch: Batch) -> int:
        """How many ``unit`` a batch holds, for the throughput."""

    def loss(self, batch: Batch) -> Tensor:
        """A scalar to descend; moves the batch to the network's device."""

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Metrics of the averaged weights, ``monitor`` among them; leaves no trace."""


@dataclass
class History:
    """What happened: a record a validation, the best step, and the seconds spent."""

    records: list[dict[str, float]] = field(default_factory=list)
    best_step: int = 0
    best: float = math.nan
    wall_time_s: float = 0.0

    def series(self, key: str) -> tuple[list[float], list[float]]:
        """Steps and values of ``key``, for a plot."""
        found = [(record["step"], record[key]) for record in self.records if key in record]
        return [step for step, _ in found], [value for _, value in found]


def fit(task: TrainingTask[Batch], config: TrainingConfig, *, title: str = "training") -> History:
    """Train ``task.network`` and leave it with the averaged weights that validated best.

    With ``config.keep`` "last" it is left with the weights after the last step instead.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the checkpoint is written.
        CheckpointError: ``config.resume`` and the checkpoint does not fit.
        DataError: the loss is no number any more.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    seed_everything(config.seed)
    return _Fit(task, config).run(title)


class _Fit(Generic[Batch]):
    """The state of one training; its methods are the steps of the loop."""

    def __init__(self, task: TrainingTask[Batch], config: TrainingConfig) -> None:
        self.task = task
        self.config = config
        self.device = resolve_device(config.device)
        self.network = task.network.to(self.device).train()
        self.average = WeightAverage(self.network, config.average_decay)
        self.optimizer = make_optimizer(self.network, config)
        self.history = History()
        self.best_weights: dict[str, Tensor] = {}
        self.step = 0
        self.stale = 0
        self.loss_sum, self.loss_count, self.examples = 0.0, 0, 0
        self.loss = math.nan
        if config.resume:
            self._restore(load_checkpoint(self.checkpoint, config))

    @property
    def checkpoint(self) -> Path:
        return self.config.run_folder / CHECKPOINT_FILE

    def run(self, title: str) -> History:
        self.started = time.monotonic() - self.history.wall_time_s
        self.saved = self.shown = time.monotonic()
        steps, unit = self.config.steps, self.task.unit
        with (
            InterruptionFlag() as interruption,
            TrainingProgress(title, steps=steps, done=self.step, unit=unit) as self.progress,
        ):
            while self.step < steps and self.stale < self.config.patience:
                self._advance()
                if interruption.raised:
                    self._stop()
            if self.stale >= self.config.patience:
                self.progress.say(f"no gain in {self.stale} validations: stopped early")
        return self._finish()

    def _advance(self) -> None:
        seed_everything(self.config.seed, self.step + 1)  # dropout repeats after --resume too
        batch = self.task.batch(self.step)
        self._update(batch)
        self.step += 1
        self.average.update(self.network, self.step)
        self.examples += self.task.size(batch)
        now = time.monotonic()
        if now - self.shown > REFRESH_INTERVAL_S:
            self._show(now)
        if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
            self._validate()
        elif now - self.saved > CHECKPOINT_INTERVAL_S:
            self._save()

    def _update(self, batch: Batch) -> None:
        config = self.config
        schedule = warmup_cosine if config.schedule == "cosine" else warmup_constant
        factor = schedule(self.step, steps=config.steps, warmup_steps=config.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * factor
        half = config.precision == "bfloat16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            loss = self.task.loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        clip_gradients(self.network, config.clip_norm)
        self.optimizer.step()
        self._count(float(loss.detach()))

    def _count(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise DataError(
                f"the loss is {loss} at step {self.step}: lower --learning-rate, or look for "
                "extreme values in the data"
            )
        self.loss_sum += loss
        self.loss_count += 1

    def _show(self, now: float) -> None:
        if self.loss_count:
            self.loss = self.loss_sum / self.loss_count
        self.progress.step(self.step, self.loss, self.examples / (now - self.shown))
        self.examples, self.shown = 0, now

    def _validate(self) -> None:
        metrics = dict(self.task.validate(self.average.network.eval()))
        self.network.train()  # without an average it is the same network
        self.loss = self.loss_sum / max(1, self.loss_count)
        self.loss_sum, self.loss_count = 0.0, 0
        rate = float(self.optimizer.param_groups[0]["lr"])
        record = {"step": float(self.step), "loss": self.loss, "learning_rate": rate} | metrics
        self.history.records.append(record)
        self.progress.validated(self.step, self.loss, metrics)
        self._keep_best(metrics[self.task.monitor])
        self._save()

    def _keep_best(self, value: float) -> None:
        sign = 1.0 if self.task.goal == "min" else -1.0
        latest = self.config.keep == "last"
        if latest or not self.best_weights or sign * value < sign * self.history.best:
            self.history.best, self.history.best_step, self.stale = value, self.step, 0
            state = self.average.network.state_dict()
            self.best_weights = {name: tensor.clone() for name, tensor in state.items()}
        else:
            self.stale += 1

    def _stop(self) -> None:
        self._save()
        raise Interrupted(
            f"stopped at step {self.step} of {self.config.steps}; the checkpoint is "
            f"{self.checkpoint}: continue with the same command and --resume"
        )

    def _finish(self) -> History:
        self.history.wall_time_s = time.monotonic() - self.started
        if self.best_weights:
            self.network.load_state_dict(self.best_weights)
        self.network.eval().to("cpu")
        return self.history

    def _save(self) -> None:
        self.history.wall_time_s = time.monotonic() - self.started
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best_weights": self.best_weights,
            "history": vars(self.history),
            "progress": [self.step, self.stale, self.loss_sum, self.loss_count],
        }
        save_checkpoint(self.checkpoint, state, self.config)
        self.saved = time.monotonic()

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best_weights = state["best_weights"]
        self.history = History(**state["history"])
        self.step, self.stale, self.loss_sum, self.loss_count = state["progress"]
