"""The recipe of the forecaster less one ingredient at a time: the rows of the ablation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from models.forecast_backtest import Trial
from models.forecast_smoothing import N_METHODS
from models.forecast_views import N_VIEWS, VIEWS
from models.forecaster import Forecaster

Change = Callable[[Forecaster], None]
LAST_VALUE = 0  # the method with discount 0 and no slope
SMALLEST = 1e-9  # weight, so that those left never sum to zero


def as_it_is(network: Forecaster) -> None:
    """Change nothing."""


def only_candidates(keep: Callable[[str, int], bool]) -> Change:
    """Leave only those candidates whose view and number of the method please."""
    kept = [keep(view, method) for method in range(N_METHODS) for view in VIEWS]

    def change(network: Forecaster) -> None:
        here = torch.tensor(kept).reshape(N_METHODS * N_VIEWS, 1).float()

        def mask(_: nn.Module, __: Any, weights: Tensor) -> Tensor:
            left = weights * here + SMALLEST * here
            return left / left.sum(1, keepdim=True)

        network.weights.register_forward_hook(mask)

    return change


def no_backtest(network: Forecaster) -> None:
    """Every row looks too short for any candidate to have been tried on its past."""

    def forget(_: nn.Module, __: Any, trial: Trial) -> Trial:
        return Trial(*(torch.zeros_like(part) for part in trial))

    network.backtest.register_forward_hook(forget)


def no_season(network: Forecaster) -> None:
    """No row has a season, told or not."""
    network.season.register_forward_hook(lambda _, __, period: torch.ones_like(period))


def no_window(network: Forecaster) -> None:
    """Nothing reads the window itself: features of the row and back-tests decide alone."""
    network.encoder.register_forward_hook(lambda _, __, encoded: torch.zeros_like(encoded))


def no_shift(network: Forecaster) -> None:
    """The median is the mixture of the candidates, uncorrected."""
    spread = network.spread

    def centre(_: nn.Module, __: Any, raw: Tensor) -> Tensor:
        by_anchor = raw.reshape(-1, spread.n_anchors, spread.n_levels + 1)
        return torch.cat([torch.zeros_like(by_anchor[..., :1]), by_anchor[..., 1:]], 2).flatten(1)

    spread.out.register_forward_hook(centre)


@dataclass(frozen=True)
class Row:
    """A training of the ablation: what is said of it, options changed, and the network changed."""

    label: str
    options: Mapping[str, Any] = field(default_factory=dict)
    change: Change = as_it_is


REFERENCE = "reference"
ROWS: dict[str, Row] = {
    REFERENCE: Row("the recipe as it ships"),
    "reference-1": Row("the same with another seed", {"seed": 1}),
    "last-value": Row(
        "no classical candidates: the last value and the network's correction",
        change=only_candidates(lambda view, method: view == "plain" and method == LAST_VALUE),
    ),
    "no-backtest": Row("no back-tests of the candidates inside the graph", change=no_backtest),
    "no-season": Row("no season: none told, none detected", change=no_season),
    "no-simulated": Row("no simulated series", {"real_share": 1.0}),
    "no-real": Row("no real series", {"real_share": 0.0}),
    "no-average": Row("no averaging of weights", {"average_decay": 0.0}),
    "no-augmentation": Row(
        "no augmentation: no coarser grids, nothing mixed or changed",
        {"coarser_share": 0.0, "mixed_share": 0.0, "changed_share": 0.0},
    ),
    "no-mixing": Row("no mixing of two windows", {"mixed_share": 0.0}),
    "no-coarser": Row("no coarser grids", {"coarser_share": 0.0}),
    "no-dropout": Row("no candidates left out while training", {"dropout": 0.0}),
    "one-view": Row(
        "candidates of the series as it is only, no seasonal adjustment",
        change=only_candidates(lambda view, _: view == "plain"),
    ),
    "no-logarithm": Row(
        "no candidates of the logarithm",
        change=only_candidates(lambda view, _: view != "logarithm"),
    ),
    "averages-only": Row(
        "averages as candidates, no trends",
        change=only_candidates(lambda _, method: method < 7),
    ),
    "no-window": Row("nothing reads the window itself", change=no_window),
    "no-shift": Row("no correction of the median", change=no_shift),
    "mlp": Row("MLP over the newest 64 steps in place of the GRU", {"cell": "mlp"}),
    "lstm": Row("LSTM in place of the GRU", {"cell": "lstm"}),
    "rnn": Row("plain recurrent cell in place of the GRU", {"cell": "rnn"}),
    "smaller": Row("a third of the network", {"hidden_size": 24, "width": 48}),
    "larger": Row("three times the network", {"hidden_size": 128, "width": 256}),
    "loss-mase": Row("loss relative to MASE's scale only", {"magnitude_share": 0.0}),
    "loss-wql": Row("loss relative to the magnitude only", {"magnitude_share": 1.0}),
}
