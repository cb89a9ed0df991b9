"""The options that every training has; each family's configuration extends this one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.options import option

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]
Optimizer = Literal["adamw", "adam", "sgd"]
Schedule = Literal["cosine", "constant"]
Keep = Literal["best", "last"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What the one training loop needs to know, whatever it trains.

    A family sets its own ``name``, ``steps``, ``batch_size`` and so on by redefining the field.
    """

    data: Path | None = option(
        None, "What to train on; without it, the data the export shipped with."
    )
    name: str = option("model", "Name of the export, as the service will know it.")
    repository: Path = option(
        Path("models/repository"), "Folder of exports to add to.", smoke=Path("build/smoke")
    )
    runs: Path = option(Path("runs"), "Folder of checkpoints.", smoke=Path("build/smoke-runs"))
    smoke: bool = option(False, "Finish in seconds with a model too small to be good.")
    resume: bool = option(False, "Continue from the checkpoint of an interrupted training.")
    seed: int = option(0, "Seed of everything random.", minimum=0)
    device: Device = option("auto", "Where to train.")
    threads: int | None = option(None, "CPU threads to use; all by default.", minimum=1)
    precision: Precision = option("float32", "Arithmetic of the forward pass.")
    steps: int = option(1000, "Optimiser steps at most.", smoke=20, minimum=1)
    validate_every: int = option(100, "Steps between validations.", smoke=10, minimum=1)
    patience: int = option(10, "Validations without gain before stopping early.", minimum=1)
    batch_size: int = option(64, "Examples in a step.", minimum=1)
    optimizer: Optimizer = option("adamw", "What turns gradients into steps: adamw, adam or sgd.")
    schedule: Schedule = option("cosine", "Learning rate after the warm-up: cosine or constant.")
    learning_rate: float = option(1e-3, "Highest learning rate of the schedule.", minimum=0.0)
    warmup_steps: int = option(100, "Steps of linear warm-up.", smoke=2, minimum=0)
    weight_decay: float = option(
        0.01, "Weight decay: adamw's on matrices only, the others' on all weights.", minimum=0.0
    )
    clip_norm: float = option(1.0, "Largest gradient norm; 0 = never clipped.", minimum=0.0)
    average_decay: float = option(
        0.999, "Decay of the running average of weights; 0 = no average.", minimum=0.0, maximum=1.0
    )
    keep: Keep = option("best", "Weights to export: those that validated best, or the last.")

    @property
    def run_folder(self) -> Path:
        """Where this training keeps its checkpoint."""
        return self.runs / self.name


@dataclass(frozen=True, kw_only=True)
class TunableConfig(TrainingConfig):
    """A training that may start from an export instead of from nothing."""

    from_: str | None = option(
        None,
        "Export to start from: a name or name/version in --repository, or its folder. It is "
        "adapted to --data, and exported only if that is better on held-out data.",
    )
    anyway: bool = option(False, "With --from: export also what is not recommended.")
