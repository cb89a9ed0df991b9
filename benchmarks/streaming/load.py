"""Many signals at once, each at its own steady pace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np
import orjson

from benchmarks.streaming.client import BINARY, StreamClient, masked

WARM_UP_S = 1.0
# Behind by more than that at the end, a service does not keep up.
MOST_BEHIND_S = 0.25


@dataclass(frozen=True)
class Load:
    """``signals`` WebSockets, each of ``rate`` samples a second in frames of ``frame`` samples."""

    signals: int
    rate: int
    frame: int
    binary: bool = True


@dataclass(frozen=True)
class Figures:
    """What came of a load; latency from a frame's sending to its answer, both in the client."""

    samples_per_s: float
    keeps_up: bool
    p50_ms: float
    p99_ms: float
    server_cpu: float
    samples_per_cpu_s: float


async def measure(url: str, load: Load, seconds: float, cpu_s: Callable[[], float]) -> Figures:
    """Stream for ``seconds`` after a second of warm-up; ``cpu_s`` reads the server's CPU time."""
    clients = await _connect(url.replace("http", "ws", 1) + "/transduce/stream", load.signals)
    frames = _frames(load)
    pacing = [
        asyncio.create_task(_pace(client, frames, load, at / load.signals))
        for at, client in enumerate(clients)
    ]
    await asyncio.sleep(WARM_UP_S)
    for client in clients:
        client.latencies_s.clear()
    started_s, cpu_before_s = perf_counter(), cpu_s()
    await asyncio.sleep(seconds)
    elapsed_s, cpu_used_s = perf_counter() - started_s, cpu_s() - cpu_before_s
    latencies_s = np.concatenate([client.latencies_s for client in clients])
    behind_s = _behind_s(clients)
    for task in pacing:
        task.cancel()
    for client in clients:
        client.transport.abort()
    return _figures(load, latencies_s, elapsed_s, cpu_used_s, behind_s)


def _figures(
    load: Load,
    latencies_s: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    elapsed_s: float,
    cpu_used_s: float,
    behind_s: float,
) -> Figures:
    n_samples = len(latencies_s) * load.frame
    p50, p99 = np.percentile(latencies_s, [50, 99]) if len(latencies_s) else (np.inf, np.inf)
    wanted = 0.98 * load.signals * load.rate * elapsed_s
    return Figures(
        samples_per_s=n_samples / elapsed_s,
        keeps_up=n_samples >= wanted and behind_s < MOST_BEHIND_S,
        p50_ms=1000 * float(p50),
        p99_ms=1000 * float(p99),
        server_cpu=cpu_used_s / elapsed_s,
        samples_per_cpu_s=n_samples / max(cpu_used_s, 1e-9),
    )


def _behind_s(clients: list[StreamClient]) -> float:
    """Age of the oldest frame without an answer; infinite if a stream was closed."""
    if any(client.closed for client in clients):
        return float("inf")
    sent = [client.unanswered[0] for client in clients if client.unanswered]
    return perf_counter() - min(sent, default=perf_counter())


async def _connect(url: str, n_clients: int) -> list[StreamClient]:
    loop = asyncio.get_running_loop()
    place = urlsplit(url)
    host, port = str(place.hostname), int(place.port or 80)
    clients = []
    for _ in range(n_clients):
        _, client = await loop.create_connection(lambda: StreamClient(url), host, port)
        await client.greeted
        clients.append(client)
    return clients


def _frames(load: Load) -> list[bytes]:
    """A period or so of a sine of 50 samples, cut into frames."""
    samples = np.sin(2 * np.pi * np.arange(16 * load.frame) / 50).astype("<f4")
    if load.binary:
        return [masked(BINARY, part.tobytes()) for part in np.split(samples, 16)]
    texts = [orjson.dumps({"samples": part.tolist()}) for part in np.split(samples.round(4), 16)]
    return [masked(1, text) for text in texts]


async def _pace(client: StreamClient, frames: list[bytes], load: Load, phase: float) -> None:
    """Send on schedule, catching up after a delay, as a device with a buffer does."""
    interval_s = load.frame / load.rate
    due_s = perf_counter() + phase * interval_s
    number = 0
    while not client.closed:
        if (wait_s := due_s - perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        client.send(frames[number % len(frames)])
        number += 1
        due_s += interval_s
