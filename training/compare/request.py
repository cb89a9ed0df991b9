"""The options of ``seqserve train compare``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.options import option

FamilyName = Literal["digits", "forecast", "transduce"]
CELL_NAMES = ("rnn", "lstm", "gru", "simple_rnn", "custom_lstm", "min_gru")


@dataclass(frozen=True, kw_only=True)
class CompareRequest:
    """What to compare on, and how long to train."""

    family: FamilyName = option("digits", "What to learn: digits, forecast or transduce.")
    data: Path | None = option(
        None, "Data of the family; without it, what the shipped model is trained on."
    )
    cells: str = option(",".join(CELL_NAMES), "Cells to compare, joined by commas.")
    hidden_size: int = option(64, "Hidden units of every cell.", smoke=8, minimum=1)
    steps: int = option(600, "Optimiser steps of every cell.", smoke=4, minimum=1)
    batch_size: int = option(64, "Examples in a step.", smoke=8, minimum=2)
    learning_rate: float = option(3e-3, "Highest learning rate of the schedule.", minimum=0.0)
    rounds: int = option(
        30, "Rounds of timing; in each, every cell has its turn.", smoke=2, minimum=1
    )
    seed: int = option(0, "Seed of everything random.", minimum=0)
    threads: int = option(1, "CPU threads to use.", minimum=1)
    gradients: bool = option(
        False, "Show instead how gradients vanish and explode, with and without clipping."
    )
    folder: Path = option(
        Path("build/compare"),
        "Folder of results.json, table.md, the plots and report.html.",
        smoke=Path("build/compare-smoke"),
    )
    smoke: bool = option(False, "Finish in seconds, with cells too small to be good.")
