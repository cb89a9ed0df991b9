"""Closed-loop load over keep-alive connections: each sends, waits for the answer, sends again.

The client speaks just enough HTTP/1.1 to cost little beside the server, because both share the
machine. Traffic stays on the loopback interface. Where wrk is installed, that is used instead.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np


@dataclass(frozen=True)
class LoadResult:
    """Good answers a second and latencies in milliseconds of one run; errors count separately."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    n_requests: int
    n_errors: int = 0
    n_refused: int = 0  # those of the errors that were answers


async def measure(
    url: str, bodies: Sequence[bytes], *, connections: int, seconds: float
) -> LoadResult:
    """Send ``bodies`` in turn as JSON to ``url`` over ``connections`` connections."""
    requests = [_request(url, body) for body in bodies]
    target = urlsplit(url)
    host, port = target.hostname or "127.0.0.1", target.port or 80
    started = time.perf_counter()
    runs = [_client(host, port, requests, started + seconds) for _ in range(connections)]
    answers = [each for run in await asyncio.gather(*runs) for each in run]
    elapsed = time.perf_counter() - started
    good = np.array([took for took, status in answers if status == 200])
    p50, p99 = np.percentile(good, [50, 99]) * 1e3 if len(good) else (0.0, 0.0)
    n_errors = len(answers) - len(good)
    return LoadResult(len(good) / elapsed, float(p50), float(p99), len(good), n_errors, n_errors)


def _request(url: str, body: bytes) -> bytes:
    target = urlsplit(url)
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _client(
    host: str, port: int, requests: Sequence[bytes], end: float
) -> list[tuple[float, int]]:
    """Seconds and status of every answer."""
    reader, writer = await asyncio.open_connection(host, port)
    answers = []
    try:
        for request in itertools.cycle(requests):
            before = time.perf_counter()
            if before >= end:
                break
            writer.write(request)
            status = await _read_answer(reader)
            answers.append((time.perf_counter() - before, status))
    finally:
        writer.close()
    return answers


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """The status of the answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])
