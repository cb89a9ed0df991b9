"""The options of ``seqserve train next-word``."""

from dataclasses import dataclass
from pathlib import Path

from training.config import Precision, TunableConfig
from training.options import option


@dataclass(frozen=True, kw_only=True)
class NextWordTraining(TunableConfig):
    """How to train a next-word predictor; the defaults are those of the export that ships."""

    data: Path | None = option(
        None,
        "Text to train on: a plain or gz file, or a folder of them "
        "[default: novels-train, speeches and masc in ../shared/data/text].",
    )
    evaluate: Path | None = option(
        None,
        "Text never trained on, for the figures only [default: novels-valid in "
        "../shared/data/text without --data, else the end of the text].",
    )
    name: str = option(
        "next-word",
        "Name of the export, as the service will know it; with --from, the parent's and the "
        "data's without it.",
        tuned="",
    )
    vocabulary_size: int = option(
        16_000, "Words known at most.", smoke=1000, tuned=24_000, minimum=10, maximum=200_000
    )
    min_count: int = option(3, "Rarer words are unknown.", minimum=1)
    held_out_share: float = option(
        0.02,
        "Share of the text, at its end, to validate on; with --from, as much again to judge on.",
        tuned=0.1,
        minimum=0.001,
        maximum=0.5,
    )
    context_length: int = option(
        16, "Words that are read: 1, 2, 4, 8, 16, ...", smoke=8, minimum=1, maximum=256
    )
    embedding_size: int = option(192, "Numbers a word becomes.", smoke=16, minimum=2)
    hidden_size: int = option(192, "Numbers that the hidden layers pass on.", smoke=16, minimum=2)
    gate_size: int = option(256, "Hidden units of each layer.", smoke=16, minimum=2)
    n_layers: int = option(1, "Hidden layers after those that read the context.", minimum=0)
    tied: bool = option(True, "Use one table of words for input and output.")
    dropout: float = option(0.0, "Share of hidden units dropped.", minimum=0.0, maximum=0.9)
    frequent_words: int = option(
        1500, "Most frequent words, always part of the softmax in training.", minimum=0
    )
    sampled_words: int = option(
        400, "Other words drawn for each step's softmax; 0 = all words, always.", minimum=0
    )
    segment_length: int = option(64, "Words predicted in a row of a batch.", smoke=16, minimum=1)
    truncated_share: float = option(
        0.2, "Share of rows that start with padding.", minimum=0.0, maximum=1.0
    )
    baseline_order: int = option(5, "Order of the Kneser-Ney baseline.", minimum=1, maximum=7)
    precision: Precision = option("bfloat16", "Arithmetic of the forward pass.")
    steps: int = option(11_000, "Optimiser steps at most.", smoke=30, tuned=1200, minimum=1)
    max_epochs: int = option(10, "Times the text is read at most.", minimum=1)
    validate_every: int = option(1500, "Steps between validations.", smoke=15, tuned=100, minimum=1)
    patience: int = option(4, "Validations without gain before stopping early.", minimum=1)
    batch_size: int = option(32, "Rows in a step.", smoke=8, minimum=1)
    learning_rate: float = option(
        2.5e-3, "Highest learning rate of the schedule.", tuned=5e-4, minimum=0.0
    )
    warmup_steps: int = option(500, "Steps of linear warm-up.", smoke=2, tuned=40, minimum=0)
    average_decay: float = option(
        0.998,
        "Decay of the running average of weights; 0 = no average.",
        tuned=0.99,
        minimum=0.0,
        maximum=1.0,
    )
