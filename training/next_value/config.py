"""The options of a network that knows one step."""

from dataclasses import dataclass
from typing import Literal

from training.options import option
from training.recipes.config import RecipeTraining

SeriesName = Literal["airline", "noisy-sine"]
Body = Literal["mlp", "rnn", "lstm", "gru"]
Reads = Literal["window", "series"]
View = Literal["level", "growth"]
Initialisation = Literal["default", "he", "orthogonal"]


@dataclass(frozen=True, kw_only=True)
class NextValueTraining(RecipeTraining):
    """Which series, which network, and how it is shown the past."""

    series: SeriesName = option("airline", "What to learn: airline or noisy-sine.")
    body: Body = option("mlp", "The network: mlp, rnn, lstm or gru.")
    reads: Reads = option(
        "window", "What it reads: a window of past values, or the whole series step by step."
    )
    view: View = option(
        "level",
        "How it sees the series: the level, scaled; or the growth of the logarithm over a season.",
    )
    window: int = option(4, "Past values in a window.", minimum=1)
    block: int = option(1, "Neighbours in a window that are averaged to one input.", minimum=1)
    mirror: bool = option(
        False, "The level swings around zero: learn each window with its sign turned as well."
    )
    layers: str = option("10", "Units of the hidden layers of an mlp, such as 20-10-5.")
    hidden_size: int = option(10, "Units of a recurrent layer.", minimum=1)
    n_layers: int = option(1, "Recurrent layers.", minimum=1)
    relu_head: bool = option(False, "ReLU between the recurrent layers and the linear head.")
    initialisation: Initialisation = option(
        "default", "Weights to start from: torch's default, he or orthogonal."
    )
    n_members: int = option(
        1, "Networks with seeds of their own, their forecasts averaged.", minimum=1
    )
    unscored: int = option(0, "First outputs of a series that do not count.", minimum=0)
    held_out: int = option(
        24, "Last training values for validation and the width of the intervals.", minimum=2
    )
    horizon: int = option(24, "Steps the export forecasts.", minimum=2, maximum=1024)
    context_length: int = option(240, "Newest steps that the export reads.", minimum=2)
    validate_every: int = option(50, "Steps between validations.", minimum=1)
    batch_size: int = option(10_000, "Windows in a step; all where there are fewer.", minimum=1)
