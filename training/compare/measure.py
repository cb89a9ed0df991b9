"""Train every cell, then time all of them in turns, so that a busy moment hits them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from models.cells import CELLS
from training.compare.request import CompareRequest
from training.compare.subjects import Field, Subject, field_of
from training.errors import DataError
from training.export import as_exported
from training.loop import History, fit

BATCHES = (1, 32)


@dataclass(frozen=True)
class Measured:
    """A row of the table; times in milliseconds of the processor, the fastest of all rounds."""

    cell: str
    n_parameters: int
    metric: float
    step_ms: float
    latency_ms: Mapping[int, float]
    curve: tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Trained:
    """A cell after its training."""

    subject: Subject
    history: History


def compare(request: CompareRequest) -> tuple[Field, list[Measured]]:
    """Train and time every cell.

    Raises:
        DataError: a cell is unknown, or the data makes no sense.
    """
    cells = cells_of(request)
    field = field_of(request)
    trained = {cell: _trained(field, cell) for cell in cells}
    steps = fastest({cell: _one_step(one.subject) for cell, one in trained.items()}, request.rounds)
    graphs = {cell: as_exported(one.subject.graph.eval()) for cell, one in trained.items()}
    passes = {
        n: fastest(
            {cell: _one_pass(graphs[cell], trained[cell].subject, n) for cell in cells},
            request.rounds,
        )
        for n in BATCHES
    }
    rows = [
        Measured(
            cell=cell,
            n_parameters=sum(p.numel() for p in one.subject.task.network.parameters()),
            metric=_best(one.history, field),
            step_ms=steps[cell],
            latency_ms={n: passes[n][cell] for n in BATCHES},
            curve=one.history.series(field.metric),
        )
        for cell, one in trained.items()
    ]
    return field, rows


def cells_of(request: CompareRequest) -> list[str]:
    """The cells to compare.

    Raises:
        DataError: one is not in the table of cells.
    """
    cells = [cell.strip() for cell in request.cells.split(",") if cell.strip()]
    unknown = sorted(set(cells) - set(CELLS))
    if unknown or not cells:
        raise DataError(f"--cells must name some of {', '.join(CELLS)}, got {request.cells!r}")
    return list(dict.fromkeys(cells))


def fastest(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of the fastest of ``rounds`` calls, after one that does not count.

    Processor time, so that what else the machine does is not counted.
    """
    best = dict.fromkeys(actions, float("inf"))
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            started = time.process_time()
            action()
            best[name] = min(best[name], (time.process_time() - started) * 1e3)
    return best


def _trained(field: Field, cell: str) -> Trained:
    subject = field.subject(cell)
    return Trained(subject, fit(subject.task, subject.config, title=cell))


def _best(history: History, field: Field) -> float:
    values = history.series(field.metric)[1]
    return max(values) if field.higher_is_better else min(values)


def _one_step(subject: Subject) -> Callable[[], object]:
    """A whole step: forward, backward, update."""
    task = subject.task
    optimizer = torch.optim.AdamW(task.network.parameters(), lr=0.0)
    batch = task.batch(0)

    def step() -> None:
        task.network.train()
        optimizer.zero_grad()
        task.loss(batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def _one_pass(graph: torch.nn.Module, subject: Subject, n_rows: int) -> Callable[[], object]:
    inputs = subject.inputs(n_rows)

    def answer() -> None:
        with torch.inference_mode():
            graph(*inputs)

    answer()  # TorchScript optimises a graph in its first passes
    return answer
