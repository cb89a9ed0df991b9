"""Goodput of the batcher under open-loop overload, with a made-up model of known capacity.

    python -m benchmarks.engine.overload

A pass takes 4 ms and 1 ms a row, times log-normal noise; requests of one row come at random and
must be answered within 250 ms. Expect: two minutes; goodput near capacity at any load.
"""

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from service.batch import Answer, BatchLimits
from service.batch_pass import Computed, Pass
from service.batcher import Batcher
from service.errors import ServiceError, ServiceOverloaded
from service.model_thread import Done, Work
from service.rows import Arrays, Rows

START_S, ROW_S, DEADLINE_S = 0.004, 0.001, 0.25
LIMITS = BatchLimits(max_rows=64, max_cells=65536, max_queued_rows=8192)
CAPACITY = LIMITS.max_rows / (START_S + ROW_S * LIMITS.max_rows)


class Clockwork:
    """A worker whose passes take a known time without using the processor."""

    def __init__(self, noise: float) -> None:
        self._noise = noise

    def start(self, work: Work, done: Done) -> None:
        """The answer comes when the time of the pass is over."""
        computed: Computed = work()
        batch: Pass = work.__self__  # type: ignore[attr-defined]
        seconds = (START_S + ROW_S * batch.rows) * random.lognormvariate(0, self._noise)
        asyncio.get_running_loop().call_later(seconds, done, computed)

    def close(self) -> None:
        """Nothing to release."""


@dataclass(slots=True)
class Tally:
    """What became of the requests of a run."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    late: int = 0

    def take(self, sent_s: float, outcome: Answer | ServiceError) -> None:
        """Count an outcome."""
        if isinstance(outcome, Answer):
            self.latencies.append(perf_counter() - sent_s)
        elif isinstance(outcome, ServiceOverloaded):
            self.refused += 1
        else:
            self.late += 1


def identity(inputs: Arrays, _: str) -> Arrays:
    """The model."""
    return {"row": inputs["row"]}


async def offer(load: float, noise: float, seconds: float) -> Tally:
    """Send ``load`` times the capacity for some seconds."""
    batcher = Batcher(identity, worker=Clockwork(noise), limits=LIMITS)
    tally, end_s = Tally(), perf_counter() + seconds
    next_s = perf_counter()
    while (now_s := perf_counter()) < end_s:
        while next_s <= now_s:
            _send(batcher, tally, next_s)
            next_s += random.expovariate(load * CAPACITY)
        await asyncio.sleep(0.001)
    await asyncio.sleep(2 * DEADLINE_S)
    await batcher.close(patience_s=0)
    return tally


def _send(batcher: Batcher, tally: Tally, sent_s: float) -> None:
    rows = Rows({"row": np.zeros((1, 1))})
    try:
        batcher.submit_nowait(rows, partial(tally.take, sent_s), deadline_s=sent_s + DEADLINE_S)
    except ServiceError as error:
        tally.take(sent_s, error)


def main(seconds: float = 5.0) -> None:
    """Measure and print."""
    columns = ("load", "noise", "goodput", "p50 ms", "p99 ms", "refused", "late")
    table = Table(*columns, title=f"Capacity {CAPACITY:.0f} rows/s, deadline {DEADLINE_S:g} s")
    for noise in (0.0, 0.3):
        for load in (0.5, 1.0, 1.5, 3.0, 10.0):
            tally = asyncio.run(offer(load, noise, seconds))
            p50, p99 = np.percentile(np.array(tally.latencies or [np.nan]) * 1e3, [50, 99])
            goodput = len(tally.latencies) / seconds / CAPACITY
            shown = (f"{load:g} x", f"{noise:g}", f"{goodput:.0%}", f"{p50:.0f}", f"{p99:.0f}")
            table.add_row(*shown, f"{tally.refused:,}", f"{tally.late:,}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
