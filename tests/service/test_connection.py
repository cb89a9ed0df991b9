"""Requests must arrive in time; who sends a byte a second holds nothing for long."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

import pytest
import uvicorn

from service.asgi import Receive, Scope, Send
from service.connection import Connection
from service.door import BUSY, Door
from service.problem import MEDIA_TYPE

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

TIMEOUT_S = 0.3
ANSWER = b"HTTP/1.1 200 OK"


class Echo:
    """Reads the whole body, waits for ``go_on``, tells how long the body was."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        n_bytes, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.set()
                return
            n_bytes += len(message["body"])
            more = message["more_body"]
        await self.go_on.wait()
        body = str(n_bytes).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Entrance:
    """Where connections are made, and how many of them ended."""

    def __init__(self, echo: Echo) -> None:
        self.echo = echo
        self.port = 0
        self.lost = 0
        self.made: list[Connection] = []
        self.refused: list[tuple[str, int]] = []
        self.lines = Door(("/busy",), default_timeout_s=30, count=self.count)
        self.busy = self.lines.lines[b"/busy"]

    def count(self, route: str, status: int, seconds: float, requests: int = 1) -> None:
        del seconds
        self.refused += [(route, status)] * requests

    def on_lost(self) -> None:
        self.lost += 1

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def opened() -> AsyncIterator[Entrance]:
    door = Entrance(Echo())
    config = uvicorn.Config(door.echo, http=Connection, ws="none", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()

    def connection() -> Connection:
        made = Connection(
            config=config,
            server_state=state,
            app_state={},
            receive_timeout_s=TIMEOUT_S,
            door=door.lines,
            on_lost=door.on_lost,
        )
        door.made.append(made)
        return made

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    async with server:
        yield door


def request(
    body: bytes, declared: int | None = None, path: bytes = b"/", more: bytes = b""
) -> bytes:
    length = len(body) if declared is None else declared
    head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n"
    return head % (path, more, length) + body


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """A byte every twentieth of a second, as long as the other side listens."""
    try:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        pass


@pytest.mark.parametrize(
    ("at_once", "drop_by_drop"),
    [
        pytest.param(b"", request(b""), id="head"),
        pytest.param(request(b"", declared=1000), b"x" * 100, id="body"),
        pytest.param(request(b"xyz"), request(b"xyz"), id="second-request"),
    ],
)
async def test_a_request_that_drips_in_gets_408(at_once: bytes, drop_by_drop: bytes) -> None:
    async with opened() as door:
        reader, writer = await door.connect()
        writer.write(at_once)
        dripping = asyncio.create_task(drip(writer, drop_by_drop))
        told = await reader.read()
        assert door.lost == 0  # it listens for a while, or a reset could overtake the answer
        await asyncio.wait([dripping], timeout=0.15)
        dripping.cancel()
        writer.close()
        await until(lambda: door.lost == 1)

    *first, last = told.split(b"HTTP/1.1 ")[1:]
    assert all(each.startswith(b"200") for each in first)
    head, _, body = last.partition(b"\r\n\r\n")
    assert head.startswith(b"408 Request Timeout")
    assert MEDIA_TYPE.encode() in head
    assert json.loads(body)["type"] == "urn:seqserve:problem:request-timeout"


async def test_who_goes_on_dripping_is_not_listened_to_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.timed_connection.LINGER_S", 0.05)
    async with opened() as door:
        reader, writer = await door.connect()
        writer.write(request(b"", declared=1000))
        assert (await reader.read()).startswith(b"HTTP/1.1 408")
        await until(lambda: door.lost == 1)
        writer.close()


async def test_a_transport_that_cannot_end_one_side_is_closed_later_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.timed_connection.LINGER_S", 0.05)
    async with opened() as door:
        reader, writer = await door.connect()
        await until(lambda: bool(door.made))
        monkeypatch.setattr(type(door.made[0].transport), "can_write_eof", lambda _: False)
        writer.write(request(b"", declared=1000))

        assert (await reader.read()).startswith(b"HTTP/1.1 408")
        door.made[0]._too_slow()  # closed already: nothing more is said
        writer.close()


async def test_the_application_learns_that_the_body_will_not_come() -> None:
    async with opened() as door:
        _, writer = await door.connect()
        writer.write(request(b"some", declared=1000))
        await door.echo.left.wait()
        writer.close()


async def test_a_connection_that_never_asks_is_closed() -> None:
    async with opened() as door:
        reader, writer = await door.connect()

        assert await reader.read() == b""
        writer.close()


async def test_a_request_in_time_is_answered_and_the_connection_kept() -> None:
    async with opened() as door:
        reader, writer = await door.connect()
        whole = request(b"123456")
        writer.write(whole[:-3])
        await asyncio.sleep(TIMEOUT_S / 10)
        writer.write(whole[-3:])
        assert (await reader.readuntil(b"\r\n\r\n6")).startswith(ANSWER)
        await asyncio.sleep(TIMEOUT_S * 1.5)  # idle: the time-out counts no more
        writer.write(request(b"12"))

        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(ANSWER)
        writer.close()


async def test_a_slow_answer_is_not_the_fault_of_the_client() -> None:
    async with opened() as door:
        door.echo.go_on.clear()
        reader, writer = await door.connect()
        writer.write(request(b"1") + request(b"22")[:-1])  # the second waits for the first
        await asyncio.sleep(TIMEOUT_S * 1.5)
        door.echo.go_on.set()
        writer.write(b"2")

        assert (await reader.readuntil(b"\r\n\r\n1")).startswith(ANSWER)
        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(ANSWER)
        writer.close()


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(request(b"12"))
    return (await reader.readuntil(b"\r\n\r\n2")).startswith(ANSWER)


async def test_an_idle_connection_is_closed_when_its_time_is_over() -> None:
    async with opened() as door:
        reader, writer = await door.connect()
        assert await answered(reader, writer)
        (connection,) = door.made
        connection._idle_since_s -= connection.timeout_keep_alive
        connection.timeout_keep_alive_handler()

        assert await reader.read() == b""
        connection.timeout_keep_alive_handler()  # closed already: nothing happens
        writer.close()


async def test_a_connection_that_was_used_meanwhile_is_looked_at_again() -> None:
    async with opened() as door:
        streams = await door.connect()
        assert await answered(*streams)
        (connection,) = door.made
        first = connection.timeout_keep_alive_task
        assert await answered(*streams)
        assert connection.timeout_keep_alive_task is first  # one timer for both
        connection._idle_since_s -= connection.timeout_keep_alive / 2
        connection.timeout_keep_alive_handler()
        again = connection.timeout_keep_alive_task
        assert again
        assert again is not first
        left_s = again.when() - asyncio.get_running_loop().time()
        assert 0 < left_s <= connection.timeout_keep_alive / 2

        assert await answered(*streams)
        streams[1].close()


async def test_a_connection_that_waits_for_its_answer_is_not_idle() -> None:
    async with opened() as door:
        reader, writer = await door.connect()
        assert await answered(reader, writer)
        door.echo.go_on.clear()
        writer.write(request(b"1"))
        await until(lambda: not door.made[0]._idle_since_s)
        door.made[0].timeout_keep_alive_handler()
        assert door.made[0].timeout_keep_alive_task is None
        door.echo.go_on.set()

        assert (await reader.readuntil(b"\r\n\r\n1")).startswith(ANSWER)
        assert door.made[0].timeout_keep_alive_task is not None
        writer.close()


def crowd(door: Entrance, per_s: float = 10.0) -> None:
    """Pretend that the worker is busy, and answers so many a second."""
    for _ in range(BUSY + 1):
        door.busy.enter()
    door.busy._measured(per_s, perf_counter())


async def test_what_would_come_too_late_is_refused_and_the_connection_goes_on() -> None:
    async with opened() as door:
        crowd(door)
        reader, writer = await door.connect()
        hurried = request(b"x" * 200_000, path=b"/busy", more=b"X-Timeout-Ms: 500\r\n")
        for _ in range(2):
            writer.write(hurried)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.split(b"content-length: ")[1].split(b"\r")[0])
            problem = json.loads(await reader.readexactly(length))
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"\r\nretry-after: 2\r\n" in head
            assert problem["type"] == "urn:seqserve:problem:overloaded"
            assert problem["request_id"].encode() in head
        writer.write(request(b"1", path=b"/busy"))  # that one has time

        assert (await reader.readuntil(b"\r\n\r\n1")).startswith(ANSWER)
        assert door.refused == [("/busy", 503)] * 2
        assert door.lines.newly_refused() == 2
        assert door.lines.newly_refused() == 0
        writer.close()


@pytest.mark.parametrize(
    "let_in",
    [
        pytest.param(request(b"1", more=b"X-Timeout-Ms: 5\r\n"), id="another-endpoint"),
        pytest.param(request(b"1", path=b"/busy", more=b"X-Timeout-Ms: soon\r\n"), id="no-number"),
    ],
)
async def test_others_are_let_in(let_in: bytes) -> None:
    async with opened() as door:
        crowd(door)
        reader, writer = await door.connect()
        writer.write(let_in)

        assert (await reader.readuntil(b"\r\n\r\n1")).startswith(ANSWER)
        writer.close()


async def test_a_refusal_ends_a_connection_that_shall_end() -> None:
    async with opened() as door:
        crowd(door)
        reader, writer = await door.connect()
        writer.write(request(b"1", path=b"/busy", more=b"X-Timeout-Ms: 5\r\nConnection: close\r\n"))
        told = await reader.read()

        assert b"\r\nconnection: close\r\n" in told
        writer.close()


async def test_requests_are_counted_in_and_out() -> None:
    async with opened() as door:
        door.echo.go_on.clear()
        reader, writer = await door.connect()
        writer.write(request(b"1", path=b"/busy"))
        gone, leaving = await door.connect()
        leaving.write(request(b"1", path=b"/busy", declared=9))
        await until(lambda: door.busy.in_flight == 2)
        leaving.close()
        await until(lambda: door.busy.in_flight == 1)
        door.echo.go_on.set()
        await reader.readuntil(b"\r\n\r\n1")
        await until(lambda: door.busy.in_flight == 0)
        assert await gone.read() == b""
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - there is no event for this
        await asyncio.sleep(0.005)
