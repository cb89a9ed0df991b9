"""Closed-loop load over keep-alive connections: each sends, waits for the answer, sends again.

The client speaks just enough HTTP/1.1 to cost little beside the server, because both share the
machine. Traffic stays on the loopback interface.
"""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np


@dataclass(frozen=True)
class LoadResult:
    """Requests a second and latencies in milliseconds of one run."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    n_requests: int


class UnexpectedAnswer(Exception):
    """The service answered something else than 200."""


async def measure(url: str, body: bytes, *, connections: int, seconds: float) -> LoadResult:
    """Send ``body`` as JSON to ``url`` over ``connections`` connections for ``seconds``.

    Raises:
        UnexpectedAnswer: an answer was not 200; what is measured must be real work.
    """
    target = urlsplit(url)
    host, port = target.hostname or "127.0.0.1", target.port or 80
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    started = time.perf_counter()
    runs = [_client(host, port, request, started + seconds) for _ in range(connections)]
    latencies = np.array([took for run in await asyncio.gather(*runs) for took in run])
    elapsed = time.perf_counter() - started
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    return LoadResult(len(latencies) / elapsed, float(p50), float(p99), len(latencies))


async def _client(host: str, port: int, request: bytes, end: float) -> list[float]:
    reader, writer = await asyncio.open_connection(host, port)
    latencies = []
    try:
        while (before := time.perf_counter()) < end:
            writer.write(request)
            await _read_answer(reader)
            latencies.append(time.perf_counter() - before)
    finally:
        writer.close()
    return latencies


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
    body = await reader.readexactly(length)
    if not lines[0].startswith("http/1.1 200"):
        raise UnexpectedAnswer(f"{lines[0]}: {body[:200].decode(errors='replace')}")
    return body
