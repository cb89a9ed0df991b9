"""What the shipped models cost: size, a pass for one row, rows a second, all on one core.

Passes run in this process, through the runtime that the service runs them with, so that only the
graph is timed: what the service costs besides is measured by ``make bench``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from time import thread_time
from typing import NamedTuple

import torch

from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from models.export_folder import read_manifest
from service.memory import keep_memory
from service.runtime import TorchScriptModel, computes_in
from service.warmup import example_inputs

REPOSITORY = Path("models/repository")
BATCH = 64
WARM_UP, REPEATS = 5, 40
NOTE = "Of the exports in models/repository, whichever service was asked for the other tables."


class Limit(NamedTuple):
    """What a model must cost at most; ``length`` is that of the rows it is timed with."""

    name: str
    length: int
    one_ms: float
    rows_per_s: float
    n_parameters: int | None
    export_mb: float | None


LIMITS = (
    Limit("forecaster", 512, 5.0, 1_000, 1_000_000, None),
    Limit("digits", 28, 1.0, 5_000, 1_000_000, None),
    Limit("next-word", 8, 1.0, 5_000, None, 12.0),
)


class Shipped:
    """A shipped export, loaded as the service loads it, and what it must cost at most."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.folder = newest(REPOSITORY / limit.name)
        self.manifest = read_manifest(self.folder)
        allowed = self.manifest.reduced_precision
        reduced = allowed.dtype if allowed and computes_in(allowed.dtype) else None
        self._model = TorchScriptModel(self.folder, self.manifest, reduced=reduced)

    @property
    def title(self) -> str:
        """How its rows are called."""
        return f"{self.limit.name}, length {self.limit.length}"

    def seconds(self, rows: int) -> float:
        """Median processor time of a pass."""
        forward = self.manifest.all_methods["forward"]
        inputs = example_inputs(forward, rows, self.limit.length)
        spent = []
        for _ in range(WARM_UP + REPEATS):
            started_s = thread_time()
            self._model.run(inputs)
            spent.append(thread_time() - started_s)
        return median(spent[WARM_UP:])


def tables(_: Run) -> Iterator[Table]:
    """Sizes, milliseconds for one row, rows a second in a batch, accuracy over seeds."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_memory()
    try:
        shipped = [Shipped(limit) for limit in LIMITS]
        yield _table("Size of the shipped exports", _sizes(shipped), ",.1f")
        yield _table("One row: median ms of processor time", map(_alone, shipped), ".2f")
        title = f"Rows a second and core, {BATCH} rows a pass"
        yield _table(title, map(_in_a_batch, shipped), ",.0f")
        yield _table("Digits: accuracy over seeds", _over_seeds(shipped), ".2%")
    finally:
        torch.set_num_threads(before)


def newest(folder: Path) -> Path:
    """The newest version of an export."""
    versions = [path for path in folder.iterdir() if path.name.isdigit()]
    return max(versions, key=lambda path: int(path.name))


def _table(title: str, rows: Iterable[Row], form: str) -> Table:
    return Table(title, command_of("cost"), list(rows), form, NOTE)


def _sizes(shipped: Iterable[Shipped]) -> Iterator[Row]:
    for each in shipped:
        name, most = each.limit.name, each.limit.n_parameters
        if most is not None:
            thousands = int(each.manifest.training["n_parameters"]) / 1e3
            yield Row(f"{name}, thousand parameters", thousands, {}, Bound(most=most / 1e3))
        if each.limit.export_mb is not None:
            size_mb = sum(path.stat().st_size for path in each.folder.iterdir()) / 1e6
            yield Row(f"{name}, MB of all files", size_mb, {}, Bound(most=each.limit.export_mb))


def _alone(each: Shipped) -> Row:
    return Row(each.title, 1e3 * each.seconds(1), {}, Bound(most=each.limit.one_ms))


def _in_a_batch(each: Shipped) -> Row:
    return Row(each.title, BATCH / each.seconds(BATCH), {}, Bound(least=each.limit.rows_per_s))


def _over_seeds(shipped: Iterable[Shipped]) -> Iterator[Row]:
    """What the training measured on the test images: the service serves one of the seeds."""
    for each in shipped:
        for metric in each.manifest.metrics:
            if metric.name == "accuracy, mean of seeds" and metric.split == "test":
                yield Row(f"mean, {metric.note}", metric.value, {}, Bound(least=0.9965))
