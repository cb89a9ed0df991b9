"""The families that have a recurrent cell, as the comparison sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.row_classifier import RowProbabilities
from training.compare.request import CompareRequest
from training.config import TrainingConfig
from training.digits.config import DigitsTraining
from training.digits.data import load_digits
from training.digits.task import DigitsTask
from training.forecast.config import ForecastTraining
from training.forecast.sources import load_data
from training.forecast.task import ForecastTask
from training.loop import TrainingTask
from training.options import configure
from training.transduce.config import TransducerTraining
from training.transduce.sources import load_source
from training.transduce.task import TransducerTask

Inputs = tuple[Tensor, ...]
SERIES_STEPS, SIGNAL_SAMPLES = 120, 100


@dataclass(frozen=True)
class Subject:
    """One cell in one family: its training, and the graph that would be exported.

    ``inputs`` makes a batch of a given number of rows, as a request would.
    """

    task: TrainingTask[Any]
    config: TrainingConfig
    graph: nn.Module
    inputs: Callable[[int], Inputs]


@dataclass(frozen=True)
class Field:
    """A family with its data read; ``metric`` is what a validation says, ``unit`` a row of it."""

    metric: str
    label: str
    higher_is_better: bool
    row: str
    rows: str
    subject: Callable[[str], Subject]


def field_of(request: CompareRequest) -> Field:
    """Read the data of the family once, for all cells.

    Raises:
        DataError: the data makes no sense.
    """
    makers = {"digits": _digits, "forecast": _forecast, "transduce": _transduce}
    return makers[request.family](request)


def _digits(request: CompareRequest) -> Field:
    data = load_digits(request.data, smoke=request.smoke)
    plain: dict[str, Any] = {"bidirectional": False, "n_filters": 0}
    plain |= {"augmentation": 0.0, "corruption": 0.0, "dropout": 0.0, "label_smoothing": 0.0}

    def subject(cell: str) -> Subject:
        config = _configured(DigitsTraining, request, cell, **plain, precision="float32")
        task = DigitsTask(data, config)
        graph = RowProbabilities(task.network)
        return Subject(task, config, graph, lambda n: (torch.rand(n, 28, 28) * 255,))

    return Field("validation_accuracy", "accuracy", True, "image", "images", subject)


def _forecast(request: CompareRequest) -> Field:
    config = _configured(ForecastTraining, request, "rnn")
    data = load_data(config)

    def subject(cell: str) -> Subject:
        own = _configured(ForecastTraining, request, cell)
        task = ForecastTask(data, own)
        return Subject(task, own, task.network, _series)

    return Field(
        "relative", "error relative to the seasonal naive", False, "series", "series", subject
    )


def _transduce(request: CompareRequest) -> Field:
    source = load_source(_configured(TransducerTraining, request, "rnn"))

    def subject(cell: str) -> Subject:
        config = _configured(TransducerTraining, request, cell)
        task = TransducerTask(source, config)

        def inputs(n: int) -> Inputs:
            lengths = torch.full((n,), SIGNAL_SAMPLES)
            states = torch.zeros(n, task.trained.state_size)
            return torch.randn(n, SIGNAL_SAMPLES), lengths, states

        return Subject(task, config, task.network, inputs)

    return Field("validation_error", "relative error", False, "signal", "signals", subject)


def _series(n: int) -> Inputs:
    return torch.rand(n, SERIES_STEPS) + 1, torch.full((n,), 12)


def _configured(kind: type[Any], request: CompareRequest, cell: str, **more: Any) -> Any:
    """The family's own options, with those of the request."""
    flags = {
        "data": request.data,
        "name": f"compare-{cell}",
        "runs": request.folder / "runs",
        "cell": cell,
        "hidden_size": request.hidden_size,
        "steps": request.steps,
        "validate_every": max(1, request.steps // 6),
        "warmup_steps": request.steps // 10,
        "patience": request.steps,
        "batch_size": request.batch_size,
        "learning_rate": request.learning_rate,
        "seed": request.seed,
        "threads": request.threads,
        "smoke": request.smoke,
    }
    return configure(kind, flags | more)
