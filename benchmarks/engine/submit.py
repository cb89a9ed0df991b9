"""What it costs to bring a request through the batcher, and where its pass should run.

Costs are processor time of the event loop's thread, so that other work on the machine counts
little; latencies are by the clock.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from service import batcher as batcher_module
from service.batch import BatchLimits
from service.batcher import Batcher
from service.loop_turns import LoopTurns
from service.model_thread import ModelThread
from service.rows import Arrays, Rows, Run

LIMITS = BatchLimits(max_rows=64, max_cells=65536, max_queued_rows=8192)
IMAGE = np.zeros((1, 28, 28), np.float32)
REQUESTS = 3200
ANSWERS = np.zeros((LIMITS.max_rows, 10), np.float32)


def no_model(inputs: Arrays, _: str) -> Arrays:
    """Answers at once, so that what is left is the batcher."""
    return {"probabilities": ANSWERS[: len(inputs["images"])]}


@dataclass(frozen=True, slots=True)
class Times:
    """Of one run: requests a second, and percentiles of their latency in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float


@contextmanager
def loop_limit(seconds: float) -> Iterator[None]:
    """Passes predicted to take up to ``seconds`` run on the event loop."""
    before = batcher_module.LOOP_PASS_S
    batcher_module.LOOP_PASS_S = seconds
    try:
        yield
    finally:
        batcher_module.LOOP_PASS_S = before


async def engine(run: Run) -> tuple[Batcher, ModelThread]:
    """A batcher that has measured its model on both of its threads."""
    thread = ModelThread("benchmark")
    batcher = Batcher(run, worker=thread, limits=LIMITS, turns=LoopTurns())
    for rows in (1, 2, 4, 8, 16, 32, 64) * 3:
        images = np.zeros((rows, 28, 28), np.float32)
        started_s = thread_time()
        run({"images": images}, "forward")
        batcher.lane("forward", 0).compute.add(rows, thread_time() - started_s)
        await thread.run(partial(run, {"images": images}, "forward"))
    return batcher, thread


async def overhead_us(callers: int, *, nowait: bool, deadline: bool) -> float:
    """Processor time of the loop for a request, with a model that costs nothing."""
    batcher, _ = await engine(no_model)
    limit_s = perf_counter() + 1e6 if deadline else None
    ask = _ask_nowait if nowait else _ask
    best = float("inf")
    for _ in range(7):
        started_s = thread_time()
        await asyncio.gather(*(ask(batcher, REQUESTS // callers, limit_s) for _ in range(callers)))
        best = min(best, (thread_time() - started_s) / REQUESTS)
    await batcher.close(patience_s=1)
    return best * 1e6


async def _ask(batcher: Batcher, times: int, deadline_s: float | None) -> None:
    for _ in range(times):
        await batcher.submit(Rows({"images": IMAGE}), deadline_s=deadline_s)


async def _ask_nowait(batcher: Batcher, times: int, deadline_s: float | None) -> None:
    """As an HTTP protocol would: the next request when the answer to the last was written."""
    finished = asyncio.get_running_loop().create_future()

    def again(_: object) -> None:
        nonlocal times
        times -= 1
        if times:
            batcher.submit_nowait(Rows({"images": IMAGE}), again, deadline_s=deadline_s)
        else:
            finished.set_result(None)

    batcher.submit_nowait(Rows({"images": IMAGE}), again, deadline_s=deadline_s)
    await finished


async def load(run: Run, callers: int, requests: int, work_us: float) -> Times:
    """``callers`` ask one after the other; each request costs the loop ``work_us`` beside."""
    batcher, _ = await engine(run)
    latencies: list[float] = []

    async def caller() -> None:
        for _ in range(requests // callers):
            started_s = perf_counter()
            _busy(work_us * 1e-6)
            await batcher.submit(Rows({"images": IMAGE}))
            latencies.append(perf_counter() - started_s)

    started_s = perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = len(latencies) / (perf_counter() - started_s)
    await batcher.close(patience_s=1)
    p50, p99 = np.percentile(np.array(latencies) * 1e3, [50, 99])
    return Times(rate, float(p50), float(p99))


def _busy(seconds: float) -> None:
    """Hold the interpreter, as parsing and encoding do."""
    until_s = thread_time() + seconds
    while thread_time() < until_s:
        pass


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """How long a thread may keep the interpreter while another asks for it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def on_a_loop(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run ``main`` on a loop of its own, of the kind that the service uses."""
    import uvloop  # noqa: PLC0415 - not on every platform

    return uvloop.run(main())
