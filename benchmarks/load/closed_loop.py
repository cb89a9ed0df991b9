"""Closed loop: every connection sends its next request when it has its answer. Finds capacity."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from benchmarks.load import engine
from benchmarks.load.caller import Answer, Caller, Target


@dataclass(frozen=True)
class Throughput:
    """Good answers a second, latencies, and how often which status came."""

    per_s: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


async def measure(
    target: Target, request: bytes, *, connections: int, seconds: float, compiled: bool = True
) -> Throughput:
    """Load ``target`` for ``seconds``; in C where it can be and may be ``compiled``."""
    program = engine.engine() if compiled else None
    if program is None:
        return await _measure_here(target, request, connections=connections, seconds=seconds)
    none = np.empty(0)
    load = engine.Load([request], none, seconds, seconds, connections, connections)
    ended = await engine.run(program, target, load)
    elapsed_s = float((ended.due_s + ended.took_s).max())
    counts = Counter(ended.statuses.tolist())
    p50, p99 = np.percentile(ended.took_s, [50, 99]) * 1e3
    return Throughput(counts[200] / elapsed_s, float(p50), float(p99), dict(counts))


async def _measure_here(
    target: Target, request: bytes, *, connections: int, seconds: float
) -> Throughput:
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    end_s = perf_counter() + seconds
    running = connections
    finished = asyncio.Event()

    def done(caller: Caller, answer: Answer) -> None:
        nonlocal running
        now_s = perf_counter()
        latencies.append(now_s - caller.intended_s)
        statuses[answer.status] += 1
        if now_s < end_s and caller.open:
            caller.send(request, now_s)
        else:
            running -= 1
            if not running:
                finished.set()

    callers = [await target.connect(done) for _ in range(connections)]
    started_s = perf_counter()
    end_s = started_s + seconds
    for caller in callers:
        caller.send(request, perf_counter())
    await finished.wait()
    elapsed_s = perf_counter() - started_s
    for caller in callers:
        caller.close()
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    return Throughput(statuses[200] / elapsed_s, float(p50), float(p99), dict(statuses))
