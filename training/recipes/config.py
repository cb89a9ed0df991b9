"""The options that every recipe has; each kind of recipe extends them with its own."""

from dataclasses import dataclass
from pathlib import Path

from training.config import Keep, Optimizer, Schedule, TrainingConfig
from training.options import option


@dataclass(frozen=True, kw_only=True)
class RecipeTraining(TrainingConfig):
    """A plain training, as notes describe it: Adam at one rate, no clipping, the last weights."""

    repository: Path = option(Path("build/recipes/repository"), "Folder of exports to add to.")
    runs: Path = option(Path("build/recipes/runs"), "Folder of checkpoints.")
    threads: int | None = option(1, "CPU threads to use.", minimum=1)
    patience: int = option(1_000_000, "Validations without gain before stopping early.", minimum=1)
    batch_size: int = option(1, "Examples in a step.", minimum=1)
    optimizer: Optimizer = option("adam", "What turns gradients into steps: adamw, adam or sgd.")
    schedule: Schedule = option("constant", "Learning rate over the steps: cosine or constant.")
    warmup_steps: int = option(0, "Steps of linear warm-up.", minimum=0)
    weight_decay: float = option(0.0, "Weight decay.", minimum=0.0)
    clip_norm: float = option(0.0, "Largest gradient norm; 0 = never clipped.", minimum=0.0)
    average_decay: float = option(
        0.0, "Decay of the running average of weights; 0 = no average.", minimum=0.0, maximum=1.0
    )
    keep: Keep = option("last", "Weights to export: those that validated best, or the last.")
