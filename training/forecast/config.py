"""The options of ``seqserve train forecast``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.config import Schedule, TunableConfig
from training.options import option

Cell = Literal["mlp", "rnn", "lstm", "gru", "simple_rnn", "custom_lstm", "min_gru"]


@dataclass(frozen=True, kw_only=True)
class ForecastTraining(TunableConfig):
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
    name: str = option("forecaster", "Name of the export, as the service will know it.", tuned="")
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
    steps: int = option(4000, "Optimiser steps at most.", smoke=6, tuned=800, minimum=1)
    validate_every: int = option(500, "Steps between validations.", smoke=3, tuned=25, minimum=1)
    patience: int = option(8, "Validations without gain before stopping early.", tuned=8, minimum=1)
    batch_size: int = option(128, "Windows in a step.", smoke=16, tuned=64, minimum=2)
    learning_rate: float = option(
        2e-3, "Highest learning rate of the schedule.", tuned=5e-4, minimum=0.0
    )
    warmup_steps: int = option(100, "Steps of linear warm-up.", smoke=2, tuned=20, minimum=0)
    schedule: Schedule = option(
        "cosine", "Learning rate after the warm-up: cosine or constant.", tuned="constant"
    )
    average_decay: float = option(
        0.998,
        "Decay of the running average of weights; 0 = no average.",
        tuned=0.99,
        minimum=0.0,
        maximum=1.0,
    )
    weight_decay: float = option(0.02, "AdamW's weight decay, on matrices only.", minimum=0.0)
    origins: int | None = option(
        None,
        "With --from: windows at the end of each series to measure on "
        "[default: 3, more for few series, fewer for short ones].",
        minimum=1,
        maximum=50,
    )
    ahead: int | None = option(
        None,
        "With --from: steps ahead to measure and adapt to [default: usual for the season].",
        minimum=1,
        maximum=1024,
    )
    measured_series: int = option(
        150, "With --from: series to measure on; drawn where there are more.", smoke=8, minimum=1
    )
    scratch_steps: int = option(
        1200, "With --from: steps at most of the network trained from nothing.", smoke=6, minimum=1
    )
    classical_s: float = option(
        45.0, "With --from: seconds for each classical method.", smoke=1.0, minimum=0.0
    )
