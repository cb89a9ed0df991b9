import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from benchmarks.serving.load import UnexpectedAnswer, measure
from benchmarks.serving.payloads import payloads

pytestmark = pytest.mark.anyio
BODY = b'{"images": []}'


@asynccontextmanager
async def server(status: str, seen: list[bytes]) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                seen.append(await reader.readexactly(len(BODY)))
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())
        except asyncio.IncompleteReadError:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/classify"


async def test_every_counted_request_was_sent_and_answered() -> None:
    seen: list[bytes] = []
    async with server("200 OK", seen) as url:
        result = await measure(url, BODY, connections=3, seconds=0.1)
    assert result.n_requests == len(seen) > 3
    assert set(seen) == {BODY}
    assert 0 < result.p50_ms <= result.p99_ms


async def test_an_error_is_not_counted_as_speed() -> None:
    async with server("503 Service Unavailable", []) as url:
        with pytest.raises(UnexpectedAnswer, match="503"):
            await measure(url, BODY, connections=1, seconds=0.1)


def test_payloads_hold_as_many_items_as_their_names_say() -> None:
    for name, (path, body) in payloads().items():
        items = next(value for value in orjson.loads(body).values() if isinstance(value, list))
        assert path == f"/{name.split(',')[0]}"
        assert len(items) == int(name.split(", ")[1].split()[0])
