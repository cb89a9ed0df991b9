"""Batchers for tests, and callers who ask them to double numbers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.batch import BatchLimits
from service.batcher import Batcher
from service.loop_turns import LoopTurns
from service.model_thread import ModelThread
from service.rows import Padding, Run
from tests.doubles import Gate, numbers


@asynccontextmanager
async def batching(
    run: Run,
    *,
    max_rows: int = 4,
    max_cells: int = 10_000,
    max_queued_rows: int = 100,
    padding: Padding | None = None,
    turns: LoopTurns | None = None,
) -> AsyncIterator[Batcher]:
    limits = BatchLimits(max_rows, max_cells, max_queued_rows)
    batcher = Batcher(run, worker=ModelThread("test"), limits=limits, padding=padding, turns=turns)
    try:
        yield batcher
    finally:
        await batcher.close(patience_s=10)


async def answer(batcher: Batcher, *values: float) -> list[float]:
    outputs = (await batcher.submit(numbers(*values))).outputs
    return [float(value) for value in outputs["doubled"]]


def start(batcher: Batcher, *values: float) -> asyncio.Task[list[float]]:
    return asyncio.create_task(answer(batcher, *values))


async def occupy(batcher: Batcher, gate: Gate, value: float = 0) -> asyncio.Task[list[float]]:
    """Make the model busy with one row until the gate opens."""
    task = start(batcher, value)
    await asyncio.to_thread(gate.entered.wait, 10)
    return task
