import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.serving.load import measure

pytestmark = pytest.mark.anyio
BODIES = [b'{"images": []}', b'{"images": [1]}']


@asynccontextmanager
async def server(status: str, seen: list[bytes]) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().partition("content-length: ")[2].partition("\r")[0]
                seen.append(await reader.readexactly(int(length)))
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())
        except asyncio.IncompleteReadError:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/classify"


async def test_every_counted_request_was_sent_and_answered() -> None:
    seen: list[bytes] = []
    async with server("200 OK", seen) as url:
        result = await measure(url, BODIES, connections=3, seconds=0.1)
    assert result.n_requests == len(seen) > 3
    assert result.n_errors == 0
    assert set(seen) == set(BODIES)
    assert 0 < result.p50_ms <= result.p99_ms


async def test_errors_are_counted_but_not_as_speed() -> None:
    seen: list[bytes] = []
    async with server("503 Service Unavailable", seen) as url:
        result = await measure(url, BODIES, connections=1, seconds=0.1)
    assert result.requests_per_s == result.n_requests == 0
    assert result.n_errors == result.n_refused == len(seen) > 0
