"""Closed loop: every connection sends its next request when it has its answer. Finds capacity."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from benchmarks.load.caller import Answer, Caller, Target


@dataclass(frozen=True)
class Throughput:
    """Good answers a second, latencies, and how often which status came."""

    per_s: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


async def measure(
    target: Target, request: bytes, *, connections: int, seconds: float
) -> Throughput:
    """Load ``target`` for ``seconds``."""
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
