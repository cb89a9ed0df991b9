"""The options of ``seqserve train forecast``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.config import TrainingConfig
from training.options import option

Cell = Literal["mlp", "rnn", "lstm", "gru", "simple_rnn", "custom_lstm"]


@dataclass(frozen=True, kw_only=True)
class ForecastTraining(TrainingConfig):
    """How to train a forecaster; the defaults are those of the export that ships."""

    data: Path | None = option(
        None,
        "Series to train on: a CSV, Parquet or JSON-lines file, or a folder of JSON lines "
        "[default: ../shared/data/series].",
    )
    zero_shot: Path | None = option(
        None,
        "Folder of series never trained on, whose past chooses the best step "
        "[default: ../shared/data/series/validation without --data].",
    )
    name: str = option("forecaster", "Name of the export, as the service will know it.")
    season_length: int | None = option(
        None,
        "Steps in a season of every series, 1 for none; else from the dates, else detected.",
        minimum=1,
        maximum=366,
    )
    cell: Cell = option("gru", "What reads the window.")
    hidden_size: int = option(64, "Hidden units of the cell.", smoke=8, minimum=1)
    width: int = option(128, "Hidden units of the layers behind it.", smoke=16, minimum=4)
    horizon: int = option(64, "Steps forecast in one shot.", smoke=48, minimum=1, maximum=1024)
    context_length: int = option(512, "Newest steps that are read.", smoke=64, minimum=16)
    dropout: float = option(
        0.3,
        "Share of the candidates left out of a row while training.",
        minimum=0.0,
        maximum=0.9,
    )
    real_share: float = option(
        0.8, "Share of real series in a batch; the rest is simulated.", minimum=0.0, maximum=1.0
    )
    coarser_share: float = option(
        0.35, "Share of real windows put on a coarser grid.", minimum=0.0, maximum=1.0
    )
    mixed_share: float = option(
        0.08, "Share of real windows mixed with another one.", minimum=0.0, maximum=1.0
    )
    changed_share: float = option(
        0.36, "Share of real windows reversed, bent, lifted or tilted.", minimum=0.0, maximum=1.0
    )
    magnitude_share: float = option(
        0.5,
        "Share of the loss relative to the magnitude (WQL); the rest is relative to MASE's scale.",
        minimum=0.0,
        maximum=1.0,
    )
    steps: int = option(4000, "Optimiser steps at most.", smoke=6, minimum=1)
    validate_every: int = option(500, "Steps between validations.", smoke=3, minimum=1)
    patience: int = option(8, "Validations without gain before stopping early.", minimum=1)
    batch_size: int = option(128, "Windows in a step.", smoke=16, minimum=2)
    learning_rate: float = option(2e-3, "Highest learning rate of the schedule.", minimum=0.0)
    average_decay: float = option(
        0.998, "Decay of the running average of weights; 0 = no average.", minimum=0.0, maximum=1.0
    )
    weight_decay: float = option(0.02, "AdamW's weight decay, on matrices only.", minimum=0.0)
