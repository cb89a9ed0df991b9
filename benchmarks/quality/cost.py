"""What the shipped models cost: size, a pass for one row, rows a second, all on one core.

Passes run in this process, as the service runs them, by their graphs and where it can in C, so that
nothing else is timed: what the service costs besides is measured by ``make bench``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Literal, NamedTuple

import torch

from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from models.manifest import FORWARD
from service.loading import load_export
from service.memory import keep_memory
from service.repository import Repository
from service.settings import Settings
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

    def __init__(self, limit: Limit, passes: Literal["auto", "graph"]) -> None:
        self.limit = limit
        exports = Repository(REPOSITORY).active_exports()
        (export,) = (each for each in exports if each.manifest.name == limit.name)
        self.folder, self.manifest = export.folder, export.manifest
        self._loaded = load_export(export, Settings(repository=REPOSITORY, passes=passes))

    @property
    def in_c(self) -> bool:
        """Whether its passes are computed in C."""
        return self._loaded.in_c

    @property
    def title(self) -> str:
        """How its rows are called."""
        how = ", in C" if self.in_c else ""
        return f"{self.limit.name}, length {self.limit.length}{how}"

    def seconds(self, rows: int) -> float:
        """Median processor time of a pass."""
        forward = self.manifest.all_methods[FORWARD]
        inputs = example_inputs(forward, rows, self.limit.length)
        spent = []
        for _ in range(WARM_UP + REPEATS):
            started_s = thread_time()
            self._loaded.run(inputs, FORWARD)
            spent.append(thread_time() - started_s)
        return median(spent[WARM_UP:])


def tables(_: Run) -> Iterator[Table]:
    """Sizes, milliseconds for one row, rows a second in a batch, accuracy over seeds."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_memory()
    try:
        shipped = [Shipped(limit, "graph") for limit in LIMITS]
        in_c = [each for limit in LIMITS if (each := Shipped(limit, "auto")).in_c]
        yield _table("Size of the shipped exports", _sizes(shipped), ",.1f")
        title = "One row: median ms of processor time"
        yield _table(title, map(_alone, [*shipped, *in_c]), ".3f")
        title = f"Rows a second and core, {BATCH} rows a pass"
        yield _table(title, map(_in_a_batch, [*shipped, *in_c]), ",.0f")
        yield _table("Digits: accuracy over seeds", _over_seeds(shipped), ".2%")
    finally:
        torch.set_num_threads(before)


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
