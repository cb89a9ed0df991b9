"""Clients that leave, that drip, that say nothing; and what other clients notice of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import numpy as np

from benchmarks.load.caller import Target
from benchmarks.load.memory import open_files
from benchmarks.load.open_loop import OpenLoop, Record
from benchmarks.load.overload import OK, percentile
from benchmarks.running_service import RunningService

Row = dict[str, Any]
WINDOW_S = 0.1
# Latency is back to normal when the median of a window is within this factor of the calm one.
NORMAL = 1.5


async def probed(
    target: Target, request: bytes, rate: float, seconds: float, nuisance: Awaitable[None]
) -> Record:
    """What clients that behave see while others do not."""
    loop = OpenLoop(target, [request], rate=rate, seconds=seconds, give_up_s=10)
    record, _ = await asyncio.gather(loop.run(first_connections=16), nuisance)
    return record


async def storm(
    target: Target, request: bytes, rate: float, *, calm_s: float, storm_s: float
) -> Row:
    """Hundreds of clients a second connect, ask, and are gone; then calm again."""
    left = 0

    async def leave_one() -> None:
        nonlocal left
        with suppress(OSError):
            caller = await target.connect(lambda *_: None)
            whole = random.random() < 0.5  # noqa: S311 - no secret
            caller.send(request if whole else request[: len(request) // 2], 0.0)
            await asyncio.sleep(random.random() * 0.02)  # noqa: S311 - as above
            caller.close()
            left += 1

    async def blow() -> None:
        await asyncio.sleep(calm_s)
        clients = []
        for _ in range(round(storm_s * 50)):
            clients += [asyncio.create_task(leave_one()) for _ in range(8)]
            await asyncio.sleep(0.02)
        await asyncio.gather(*clients)

    record = await probed(target, request, rate, 2 * calm_s + storm_s, blow())
    due_s, took_ms = np.asarray(record.due_s), np.asarray(record.took_s) * 1e3
    before = took_ms[due_s < calm_s]
    during = took_ms[(due_s >= calm_s) & (due_s < calm_s + storm_s)]
    after = took_ms[due_s >= calm_s + storm_s + 1]
    return {
        "left": left,
        "errors": len(record.statuses) - record.statuses.count(OK),
        **{f"{name}_p50_ms": percentile(part, 50) for name, part in named(before, during, after)},
        **{f"{name}_p99_ms": percentile(part, 99) for name, part in named(before, during, after)},
        "recovery_s": recovery_s(due_s - calm_s - storm_s, took_ms, float(np.median(before))),
    }


def named(*parts: Any) -> list[tuple[str, Any]]:
    """Before, during and after."""
    return list(zip(("before", "during", "after"), parts, strict=True))


def recovery_s(since_s: Any, took_ms: Any, normal_ms: float) -> float:
    """Seconds after the storm until the median of a window is normal, and stays so for another."""
    windows = int(since_s.max() / WINDOW_S)
    calm = 0
    for window in range(windows):
        inside = (since_s >= window * WINDOW_S) & (since_s < (window + 1) * WINDOW_S)
        if not inside.any() or np.median(took_ms[inside]) > NORMAL * normal_ms:
            calm = 0
            continue
        calm += 1
        if calm == 2:
            return round((window - 1) * WINDOW_S, 1)
    return float("inf")


async def beside(
    target: Target,
    request: bytes,
    rate: float,
    seconds: float,
    crowd: Callable[[], Awaitable[None]],
) -> Row:
    """Latency of clients that behave, without the crowd and with it."""
    alone = await probed(target, request, rate, seconds, asyncio.sleep(0))
    crowded = await probed(target, request, rate, seconds, crowd())
    return {
        "alone_p50_ms": percentile(alone.latencies_ms(OK), 50),
        "alone_p99_ms": percentile(alone.latencies_ms(OK), 99),
        "beside_p50_ms": percentile(crowded.latencies_ms(OK), 50),
        "beside_p99_ms": percentile(crowded.latencies_ms(OK), 99),
        "errors": len(crowded.statuses) - crowded.statuses.count(OK),
    }


async def dripping(
    target: Target, request: bytes, rate: float, *, n_clients: int, seconds: float
) -> Row:
    """Clients that send a byte a second; ``seconds`` must exceed the time-out of the service."""
    told: list[bytes] = []

    async def drip() -> None:
        reader, writer = await asyncio.open_connection(target.host, target.port)
        writer.write(request[:-60])
        answer = asyncio.create_task(reader.read())
        for byte in request[-60:]:
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.wait([answer], timeout=1)
        with suppress(OSError):
            told.append(await answer)
        writer.close()

    async def crowd() -> None:
        await asyncio.gather(*(drip() for _ in range(n_clients)))

    row = await beside(target, request, rate, seconds, crowd)
    refused = sum(answer.startswith(b"HTTP/1.1 408") for answer in told)
    return {"clients": n_clients, "told_408": refused} | row


async def idle(
    service: RunningService,
    target: Target,
    request: bytes,
    rate: float,
    *,
    n_clients: int,
    seconds: float,
) -> Row:
    """Connections that say nothing."""
    memory, files = service.resident_bytes(), open_files(service)
    held = {"memory_kb_each": 0.0, "files": 0}

    async def crowd() -> None:
        pairs = [await asyncio.open_connection(target.host, target.port) for _ in range(n_clients)]
        await asyncio.sleep(seconds / 2)
        held["memory_kb_each"] = round((service.resident_bytes() - memory) / n_clients / 1e3, 1)
        held["files"] = open_files(service) - files
        await asyncio.sleep(seconds / 2)
        for _, writer in pairs:
            writer.close()

    return {"clients": n_clients} | await beside(target, request, rate, seconds, crowd) | held
