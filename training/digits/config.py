"""The options of ``seqserve train digits``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.config import Precision, TunableConfig
from training.options import option

Cell = Literal["rnn", "lstm", "gru", "simple_rnn", "custom_lstm", "min_gru"]
NumberOfViews = Literal[1, 3]


@dataclass(frozen=True, kw_only=True)
class DigitsTraining(TunableConfig):
    """Settings of the row classifier; ``--seeds 3 --outliers 0.1`` trains the export that ships."""

    data: Path | None = option(
        None,
        "Folder with the four official IDX files (plain or gz), or with a folder of PNGs per "
        "class; without it, ../shared/data/mnist.",
    )
    name: str = option(
        "digits",
        "Name of the export, as the service will know it; with --from, the parent's and the "
        "data's without it.",
        tuned="",
    )
    seeds: int = option(
        1, "Seeds to train one after the other; the best on validation is exported.", minimum=1
    )
    cell: Cell = option("min_gru", "Recurrent cell.")
    hidden_size: int = option(96, "Units of a layer and direction.", smoke=24, minimum=1)
    n_layers: int = option(1, "Recurrent layers.", minimum=1)
    bidirectional: bool = option(True, "Read from the bottom as well as from the top.")
    n_filters: int = option(
        16,
        "Small filters of the first of four layers, slid along the rows; 0 reads raw pixels.",
        minimum=0,
    )
    n_neighbours: int = option(
        0, "Raw rows above and below that are read at each step, with --n-filters 0.", minimum=0
    )
    row_step: int = option(1, "Raw rows from one step to the next, with --n-filters 0.", minimum=1)
    dropout: float = option(0.1, "Share of units dropped.", minimum=0.0, maximum=0.9)
    label_smoothing: float = option(
        0.05, "Probability spread over the other classes.", minimum=0.0, maximum=0.9
    )
    teachers: int = option(
        2,
        "Convolutional networks trained first, to be imitated; 0 = none.",
        smoke=1,
        tuned=0,
        minimum=0,
    )
    teacher_steps: int = option(17200, "Optimiser steps of a teacher.", smoke=10, minimum=1)
    teaching: float = option(
        0.8, "Share of the loss that the teachers give.", smoke=0.1, minimum=0.0, maximum=1.0
    )
    augmentation: float = option(
        1.0, "Strength of random rotation, scale, shear, shift and warping; 0 = none.", minimum=0.0
    )
    corruption: float = option(
        0.15,
        "Share of the images that are also blurred, noisy, coarse, thick or thin.",
        minimum=0.0,
        maximum=1.0,
        tuned=0.0,
    )
    stretching: bool = option(
        False, "Stretch some of those, too; the last stage does in any case.", tuned=False
    )
    outliers: float = option(
        0.0,
        "Non-digits in a batch, as a share of its digits; they are to be called nothing.",
        minimum=0.0,
        maximum=1.0,
    )
    settling_steps: int = option(
        4000,
        "Steps of a last stage with weaker warps, so that digits are read best as they are; "
        "0 = none.",
        smoke=5,
        tuned=0,
        minimum=0,
    )
    refit: bool = option(
        True,
        "Make the last stage once more with the validation images among the training images, "
        "and export that network; the other one gives all validation figures.",
        tuned=False,
    )
    views: NumberOfViews = option(
        3,
        "What the export answers about: 1 = the image, 3 = the mean over it and the same moved up "
        "and down by a row. Training sees images one by one in any case.",
    )
    settling_augmentation: float = option(
        0.4, "Strength of the augmentation in the last stage.", minimum=0.0
    )
    settling_corruption: float = option(
        0.25, "Share of the images that are spoilt in the last stage.", minimum=0.0, maximum=1.0
    )
    precision: Precision = option(
        "bfloat16", "Arithmetic of the forward pass; float32 where the CPU lacks bfloat16."
    )
    steps: int = option(43000, "Optimiser steps at most.", smoke=30, tuned=250, minimum=1)
    max_epochs: int = option(300, "Rounds through the data at most.", minimum=1)
    validate_every: int = option(1720, "Steps between validations.", smoke=15, tuned=50, minimum=1)
    patience: int = option(
        30, "Validations without gain before stopping early.", tuned=4, minimum=1
    )
    batch_size: int = option(64, "Images in a step.", minimum=1)
    learning_rate: float = option(
        4e-3, "Highest learning rate of the schedule.", minimum=0.0, tuned=1e-3
    )
    warmup_steps: int = option(1500, "Steps of linear warm-up.", smoke=5, minimum=0, tuned=20)
    weight_decay: float = option(0.02, "AdamW's weight decay, on matrices only.", minimum=0.0)
    average_decay: float = option(
        0.999,
        "Decay of the running average of weights; 0 = no average.",
        minimum=0.0,
        maximum=1.0,
        tuned=0.99,
    )

    @property
    def refits(self) -> bool:
        """Whether there is a refit: it repeats the last stage, so without one there is none."""
        return self.refit and self.settling_steps > 0
