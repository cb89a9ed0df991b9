"""The options of ``seqserve train transducer``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.config import TrainingConfig
from training.options import option

Cell = Literal["rnn", "lstm", "gru", "simple_rnn", "custom_lstm", "min_gru"]
Scale = Literal["auto", "running", "fixed"]


@dataclass(frozen=True, kw_only=True)
class TransducerTraining(TrainingConfig):
    """How to train a transducer; the defaults are those of the export that ships."""

    data: Path | None = option(
        None,
        "CSV, TSV or Parquet file with a column of inputs and one of outputs, a row a sample "
        "[default: simulated sines, whose output is the cosine].",
    )
    input_column: str | None = option(None, "Column of inputs [default: the first].")
    output_column: str | None = option(None, "Column of outputs [default: the second].")
    held_out_share: float = option(
        0.3,
        "Share of the rows at the end never trained on; half to validate on, half to measure on.",
        minimum=0.02,
        maximum=0.8,
    )
    name: str = option("transducer", "Name of the export, as the service will know it.")
    cell: Cell = option("lstm", "What reads the signal.")
    hidden_size: int = option(32, "Hidden units of a layer.", smoke=8, minimum=1, maximum=1024)
    n_layers: int = option(1, "Layers on top of each other.", minimum=1, maximum=8)
    scale: Scale = option(
        "auto",
        "Units that the network sees: running follows the signal's own size, fixed is that of "
        "the training data; auto is running for the sines, fixed for a file.",
    )
    scale_half_life: float = option(
        400.0, "Samples in which a running scale forgets half of a peak.", minimum=1.0
    )
    window_length: int = option(
        100, "Samples between two steps of the optimiser.", smoke=20, minimum=2
    )
    windows: int = option(
        8, "Windows of a signal in a row; the state is carried along.", smoke=3, minimum=1
    )
    n_measured: int = option(
        512, "Simulated signals to validate on, and as many to measure on.", smoke=8, minimum=2
    )
    settle: int = option(
        100,
        "First samples of simulated signals that do not count in the figures.",
        smoke=10,
        minimum=0,
    )
    steps: int = option(12_000, "Optimiser steps at most.", smoke=12, minimum=1)
    validate_every: int = option(1000, "Steps between validations.", smoke=6, minimum=1)
    batch_size: int = option(64, "Signals in a step.", smoke=4, minimum=1)
    learning_rate: float = option(5e-3, "Highest learning rate of the schedule.", minimum=0.0)
    weight_decay: float = option(0.0, "AdamW's weight decay, on matrices only.", minimum=0.0)

    @property
    def signal_length(self) -> int:
        """Samples of a signal in training."""
        return self.window_length * self.windows

    @property
    def running(self) -> bool:
        """Whether the network follows the size of the signal itself."""
        return self.scale == "running" or (self.scale == "auto" and self.data is None)
