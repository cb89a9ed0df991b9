"""More requests than the service can answer: what it answers, what it refuses, how fast."""

import asyncio
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.load.caller import Target
from benchmarks.load.memory import MemoryWatch, Processors
from benchmarks.load.open_loop import NEVER_SENT, OpenLoop, Record
from benchmarks.running_service import RunningService

FACTORS = (0.5, 1.0, 1.5, 3.0, 10.0)
OK, UNAVAILABLE, TOO_LATE = 200, 503, 504
MOST_TRIES = 12
# As many callers wait at the same time. With fewer they would wait for each other, which no service
# can see. The storm shows what connecting costs.
CONNECTIONS = 2000
# Each that obeys has a connection of its own, at worst all at the same time.
MOST_OBEYING = 6000

Row = dict[str, Any]


async def ladder(
    service: RunningService,
    target: Target,
    request: bytes,
    capacity: float,
    *,
    seconds: float,
    deadline_s: float,
) -> list[Row]:
    """One row for each multiple of the capacity."""
    rows = []
    for factor in FACTORS:
        loop = OpenLoop(
            target,
            [request],
            rate=factor * capacity,
            seconds=seconds,
            give_up_s=2 * deadline_s,
            most_connections=CONNECTIONS,
        )
        async with MemoryWatch(service) as watch:
            processors = Processors(service)
            record = await loop.run(first_connections=CONNECTIONS)
            busy = processors.busy()
        row = {"factor": factor, "offered_per_s": round(factor * capacity)}
        row |= summary(record, deadline_s) | busy
        rows.append(row | {"memory_mb": round(watch.peak_mb)})
        await asyncio.sleep(1)
    return rows


def typical(rounds: list[list[Row]]) -> list[Row]:
    """The medians of several rounds, row by row; None where a figure is missing in most of them.

    A machine that others use as well changes its speed from one step to the next.
    """
    return [
        {column: _median([row[column] for row in rows]) for column in rows[0]}
        for rows in zip(*rounds, strict=True)
    ]


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if 2 * len(known) <= len(values):
        return None
    middle = round(float(np.median(known)), 4)
    return int(middle) if middle.is_integer() else middle


def summary(record: Record, deadline_s: float) -> Row:
    """Goodput counts answers within the deadline, from when the request was due."""
    statuses = np.asarray(record.statuses)
    accepted, refused = record.latencies_ms(OK), record.latencies_ms(UNAVAILABLE)
    total = len(statuses)
    return {
        "goodput_per_s": round(float((accepted <= deadline_s * 1e3).sum()) / record.seconds, 1),
        "accepted_p50_ms": percentile(accepted, 50),
        "accepted_p99_ms": percentile(accepted, 99),
        "refused_share": round(len(refused) / total, 4),
        "refused_p50_ms": percentile(refused, 50),
        "refused_p99_ms": percentile(refused, 99),
        "too_late_share": round(float((statuses == TOO_LATE).sum()) / total, 4),
        "never_sent_share": round(float((statuses == NEVER_SENT).sum()) / total, 4),
        "other_share": round(
            float((~np.isin(statuses, [OK, UNAVAILABLE, TOO_LATE, NEVER_SENT])).sum()) / total, 4
        ),
        "sender_late_p99_ms": percentile(np.asarray(record.late_s) * 1e3, 99),
        "connections": record.connections,
    }


def percentile(values: Any, share: float) -> float | None:
    """Rounded, None without values."""
    return round(float(np.percentile(values, share)), 2) if len(values) else None


async def obeying(target: Target, request: bytes, capacity: float, *, seconds: float) -> Row:
    """Three times the capacity for a moment; whoever is refused comes again when told to.

    The moment is shorter than ``seconds`` where more than ``MOST_OBEYING`` would come in it.
    """
    seconds = min(seconds, MOST_OBEYING / (3 * capacity))
    tries: list[int] = []
    waits_s: list[float] = []
    lost = 0

    async def client(due_s: float) -> None:
        nonlocal lost
        await asyncio.sleep(due_s)
        started_s = perf_counter()
        for n_tries in range(1, MOST_TRIES + 1):
            answer, _ = await target.ask(request)
            if answer.status == OK:
                tries.append(n_tries)
                waits_s.append(perf_counter() - started_s)
                return
            await asyncio.sleep(answer.retry_after_s or 1)
        lost += 1

    random = np.random.default_rng(1)
    due_s = random.uniform(0, seconds, size=round(3 * capacity * seconds))
    await asyncio.gather(*(client(float(moment)) for moment in due_s))
    return {
        "clients": len(due_s),
        "answered_share": round(len(tries) / len(due_s), 4),
        "first_try_share": round(tries.count(1) / len(due_s), 4),
        "tries_mean": round(float(np.mean(tries)), 2),
        "tries_p99": percentile(tries, 99),
        "waited_p50_s": percentile(waits_s, 50),
        "waited_p99_s": percentile(waits_s, 99),
        "gave_up": lost,
    }
