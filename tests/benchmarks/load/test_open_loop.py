"""The load generator itself: nothing it reports may flatter the server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.load.caller import LOST, Target, post
from benchmarks.load.closed_loop import measure
from benchmarks.load.engine import engine
from benchmarks.load.open_loop import NEVER_SENT, OpenLoop

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

REQUEST = post("/x", b"{}", X_Timeout_Ms=500)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 1\r\n\r\n-"

Answer = Callable[[int], tuple[float, bytes]]


@pytest.fixture(params=["c", "python"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Both generators; the one in C where there is a compiler."""
    if request.param == "c" and engine() is None:
        pytest.skip("no compiler")
    return bool(request.param == "c")


@asynccontextmanager
async def server(
    answer: Answer, asked: list[bytes] | None = None, size: int = len(REQUEST)
) -> AsyncIterator[Target]:
    """Answers request ``n`` after the seconds and with the bytes that ``answer(n)`` says.

    Without bytes it closes the connection.

    What it was ``asked`` is noted there.
    """
    asked = [] if asked is None else asked
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while True:
                asked.append(await reader.readexactly(size))
                pause_s, response = answer(len(asked))
                await asyncio.sleep(pause_s)
                if not response:
                    return
                writer.write(response[:9])  # in two parts, as servers do
                await writer.drain()
                writer.write(response[9:])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 23)
    async with listening:
        yield Target(*listening.sockets[0].getsockname())
        for task in tasks:
            if task:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


def loop(target: Target, **options: float) -> OpenLoop:
    chosen = {"rate": 200, "seconds": 0.5, "give_up_s": 5} | options
    most = int(chosen.pop("most_connections", 100))
    return OpenLoop(target, [REQUEST], most_connections=most, **chosen)


def test_a_request_is_what_http_asks_for() -> None:
    assert REQUEST == (
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"X-Timeout-Ms: 500\r\nContent-Length: 2\r\n\r\n{}"
    )


async def test_every_request_that_was_due_is_accounted_for(compiled: bool) -> None:
    async with server(lambda n: (0.0, OK if n % 4 else REFUSED)) as target:
        record = await loop(target).run(compiled=compiled)

    assert len(record.statuses) == 100
    assert record.statuses.count(503) == 25
    assert record.statuses.count(200) == 75
    assert len(record.latencies_ms(200)) == 75
    assert max(record.due_s) == pytest.approx(0.5, abs=0.2)


async def test_requests_take_turns_even_if_they_wait_for_a_connection(compiled: bool) -> None:
    asked: list[bytes] = []
    other = REQUEST.replace(b"/x", b"/y")
    async with server(lambda _: (0.01, OK), asked) as target:
        options = {"rate": 400, "seconds": 0.2, "give_up_s": 5}
        await OpenLoop(target, [REQUEST, other], most_connections=1, **options).run(
            1, compiled=compiled
        )

    assert len(asked) == 80
    assert asked.count(other) == 40


async def test_a_stall_is_seen_by_all_who_were_due_meanwhile(compiled: bool) -> None:
    async with server(lambda n: (1.0 if n == 1 else 0.0, OK)) as target:
        record = await loop(target, most_connections=1).run(1, compiled=compiled)

    # One connection, stalled for a second: all 100 requests were due in its first half.
    assert min(record.took_s) > 0.3


async def test_busy_connections_are_joined_by_new_ones(compiled: bool) -> None:
    async with server(lambda _: (0.3, OK)) as target:
        record = await loop(target).run(1, compiled=compiled)

    assert record.connections > 10
    assert set(record.statuses) == {200}


async def test_who_waits_too_long_for_a_connection_gives_up(compiled: bool) -> None:
    async with server(lambda _: (1.0, OK)) as target:
        record = await loop(target, most_connections=1, give_up_s=0.2).run(1, compiled=compiled)

    assert record.statuses.count(NEVER_SENT) > 90
    assert len(record.statuses) == 100


async def test_an_answer_says_when_to_come_again() -> None:
    async with server(lambda _: (0.0, REFUSED)) as target:
        answer, took_s = await target.ask(REQUEST)

    assert (answer.status, answer.body, answer.retry_after_s) == (503, b"-", 7)
    assert took_s > 0


async def test_a_closed_connection_is_an_answer_too() -> None:
    async with server(lambda _: (0.0, OK)) as target:
        caller = await target.connect(lambda _, answer: answers.append(answer.status))
        answers: list[int] = []
        caller.connection_lost(None)
        caller.send(REQUEST, 0.0)
        caller.close()

    assert answers == [LOST]


async def test_refusals_are_no_capacity(compiled: bool) -> None:
    async with server(lambda n: (0.0, OK if n % 4 else REFUSED)) as target:
        found = await measure(target, REQUEST, connections=3, seconds=0.3, compiled=compiled)

    assert found.statuses[503] > 0
    assert 0 < found.per_s <= found.statuses[200] / 0.3


async def test_who_is_cut_off_is_told_apart(compiled: bool) -> None:
    async with server(lambda n: (0.0, OK if n % 5 else b"")) as target:
        record = await loop(target, give_up_s=1).run(compiled=compiled)

    assert (record.statuses.count(LOST), record.statuses.count(200)) == (20, 80)


async def test_a_long_request_and_a_long_answer_arrive_whole(compiled: bool) -> None:
    long = post("/x", b"x" * 3_000_000)
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b"y" * 2_000_000
    asked: list[bytes] = []
    async with server(lambda _: (0.0, answer), asked, len(long)) as target:
        rate = {"rate": 40.0, "seconds": 0.5, "give_up_s": 9.0}
        record = await OpenLoop(target, [long], most_connections=9, **rate).run(
            2, compiled=compiled
        )

    assert record.statuses == [200] * 20
    assert asked == [long] * 20


async def test_connections_are_used_in_turns(compiled: bool) -> None:
    clients: dict[object, int] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readexactly(len(REQUEST))
                name = writer.get_extra_info("peername")
                clients[name] = clients.get(name, 0) + 1
                writer.write(OK)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        target = Target(*listening.sockets[0].getsockname())
        await loop(target).run(10, compiled=compiled)
        await asyncio.sleep(0.05)

    assert len(clients) == 10
    assert max(clients.values()) <= 2 * min(clients.values())
