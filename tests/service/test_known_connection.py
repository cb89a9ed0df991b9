"""Without the parser, requests are answered as with it: whatever comes, however it is cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from threading import Event
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.connection import MOST_LESSONS
from service.door import BUSY
from service.parsed_connection import ParsedConnection
from service.settings import Settings
from tests.service.direct import Answered
from tests.service.generated_bodies import PATHS, broken_body, valid_body
from tests.service.harness import serving
from tests.service.test_direct import until
from tests.service.wire import PLAIN, Wired, post, read_answer, served, wired

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

IMAGE, SERIES, WORDS = PLAIN
Pair = tuple[Wired, Wired]
ODD_HEADERS: Sequence[Sequence[str]] = (
    (),
    (),
    (),
    ("X-Request-ID: mine",),
    ("X-Timeout-Ms: 20000",),
    ("X-Timeout-Ms: soon",),
    ("Content-Type: application/json; charset=utf-8",),
    ("Content-Type: text/plain",),
    ("Connection: keep-alive",),
    ("x-padded:   y  ",),
)
OTHERS = (
    b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\n\r\n" + post(WORDS.path, WORDS.body),
    post(WORDS.path + "?a=b", WORDS.body),
    b"POST /next-word HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%b\r\n0\r\n\r\n" % (len(WORDS.body), WORDS.body),
    post("/nowhere", b"{}"),
    post(WORDS.path, b""),
)


@pytest.fixture(scope="module")
async def pair(anyio_backend: str, tiny_repository: Path) -> AsyncIterator[Pair]:
    """The service on sockets, with known heads and without."""
    values = Settings(repository=tiny_repository, warmup_max_s=0, access_log=False)
    async with (
        serving(values) as app,
        wired(app) as knowing,
        wired(app, ParsedConnection) as parsing,
    ):
        yield knowing, parsing


@pytest.fixture
async def wire(tiny_repository: Path) -> AsyncIterator[Wired]:
    async with served(tiny_repository) as wire:
        yield wire


def made_up(random: Random) -> bytes:
    """A request: plain, nearly plain, or something else."""
    if random.random() < 0.2:
        return random.choice(OTHERS)
    path = random.choice(PATHS)
    body = (broken_body if random.random() < 0.2 else valid_body)(random, path)
    return post(path, body, *random.choice(ODD_HEADERS))


async def exchange(wire: Wired, pieces: list[bytes], n_answers: int) -> list[Answered]:
    reader, writer = await wire.connect()
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
    answers = [await read_answer(reader) for _ in range(n_answers)]
    writer.close()
    return answers


@settings(
    max_examples=60,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    random=st.integers(0, 2**32).map(Random),
    n_requests=st.integers(1, 6),
    places=st.sets(st.floats(0, 1), max_size=8),
    same=st.booleans(),
)
async def test_answers_are_those_of_a_connection_with_a_parser(
    pair: Pair, random: Random, n_requests: int, places: set[float], same: bool
) -> None:
    requests = [made_up(random) for _ in range(n_requests)]
    if same:  # the same head again and again: most of them are known
        requests = [post(WORDS.path, valid_body(random, WORDS.path)) for _ in requests]
    whole = b"".join(requests)
    cuts = sorted({int(place * len(whole)) for place in places})
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    knowing, parsing = pair
    found = await exchange(knowing, pieces, n_requests)
    expected = await exchange(parsing, pieces, n_requests)

    assert [each.status for each in found] == [each.status for each in expected]
    assert [each.comparable() for each in found] == [each.comparable() for each in expected]
    assert [each.headers.keys() for each in found] == [each.headers.keys() for each in expected]


def parsed(wire: Wired) -> list[bytes]:
    """What the parsers of all connections get from now on."""
    fed: list[bytes] = []

    class Counting:
        def __init__(self, parser: object) -> None:
            self._parser = parser

        def feed_data(self, data: bytes) -> None:
            fed.append(data)
            self._parser.feed_data(data)  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self._parser, name)

    for each in wire.made:
        each.parser = Counting(each.parser)  # type: ignore[assignment]
    return fed


async def asked(wire: Wired, *requests: bytes) -> list[Answered]:
    """The answers to requests on one connection, one after the other."""
    reader, writer = await wire.connect()
    await until(lambda: bool(wire.made))
    wire.fed = parsed(wire)
    answers = []
    for each in requests:
        writer.write(each)
        answers.append(await read_answer(reader))
    writer.close()
    return answers


async def test_a_head_is_parsed_once(wire: Wired) -> None:
    await asked(wire, *[post(WORDS.path, b'{"contexts": "%b"}' % (b"a" * n)) for n in (1, 2, 99)])

    assert len(wire.fed) == 1
    assert wire.service.request_metrics.statuses == {("/next-word", 200): 3}


async def test_a_new_connection_knows_the_head_as_well(wire: Wired) -> None:
    await wire.send(post(WORDS.path, WORDS.body))
    (answered,) = await asked(wire, post(WORDS.path, WORDS.body))

    assert answered.status == 200
    assert wire.fed == []


async def test_a_body_may_come_in_pieces(wire: Wired) -> None:
    plain = post(WORDS.path, WORDS.body)
    await wire.send(plain)
    reader, writer = await wire.connect()
    await until(lambda: len(wire.made) == 2)
    fed, connection = parsed(wire), wire.made[1]
    for piece in (plain[:-5], plain[-5:-3], plain[-3:] + plain[:7]):
        connection.data_received(piece)
    connection.data_received(plain[7:])
    bodies = [(await read_answer(reader)).body for _ in range(2)]
    writer.close()

    assert bodies[0] == bodies[1]
    assert fed == []


async def test_what_is_not_plain_after_all_is_parsed(wire: Wired) -> None:
    plain, odd = post(WORDS.path, WORDS.body), post(WORDS.path, b'{"contexts": 7}')
    answers = await asked(wire, plain, odd, plain)

    assert [each.status for each in answers] == [200, 422, 200]
    assert wire.fed == [plain, odd]
    assert wire.handed_over == 1
    assert wire.door.lines[b"/next-word"].in_flight == 0


async def test_who_changes_heads_is_not_learned_from_for_ever(wire: Wired) -> None:
    many = [post(WORDS.path, WORDS.body, f"X-Request-ID: {n}") for n in range(MOST_LESSONS + 3)]
    answers = await asked(wire, *many, many[MOST_LESSONS - 1])

    assert [each.headers[b"x-request-id"] for each in answers[:2]] == [b"0", b"1"]
    assert wire.fed == many


async def test_a_key_counts_for_the_head_that_holds_it(tiny_repository: Path) -> None:
    async with served(tiny_repository, api_keys="sesame-sesame") as wire:
        given = post(WORDS.path, WORDS.body, "X-API-Key: sesame-sesame")
        wrong = post(WORDS.path, WORDS.body, "X-API-Key: sesame-sesamE")
        answers = await asked(wire, given, given, wrong, given)

        assert [each.status for each in answers] == [200, 200, 401, 200]
        assert wire.fed == [given, wrong]


async def test_a_body_longer_than_allowed_is_refused_before_it_comes(
    tiny_repository: Path,
) -> None:
    async with served(tiny_repository, max_body_bytes=1024) as wire:
        first = await wire.send(post(WORDS.path, WORDS.body))
        too_long = await wire.send(post(WORDS.path, b"", declared=1025))

        assert (first.status, too_long.status) == (200, 413)


async def test_a_head_that_ends_its_connection_is_not_learned(wire: Wired) -> None:
    last = post(WORDS.path, WORDS.body, "Connection: close")
    for _ in range(2):
        answered = await wire.send(last)
        assert answered.headers[b"connection"] == b"close"


async def test_what_comes_while_something_waits_is_read_after_it(wire: Wired) -> None:
    hurried = post(WORDS.path, WORDS.body, "X-Timeout-Ms: 500")
    await wire.send(hurried)
    crowd(wire, WORDS.path)
    reader, writer = await wire.connect()
    await until(lambda: len(wire.made) == 2)
    connection = wire.made[1]
    connection.data_received(hurried + post(IMAGE.path, IMAGE.body))
    connection.data_received(post(SERIES.path, SERIES.body))
    bodies = [(await read_answer(reader)).body for _ in range(3)]
    writer.close()

    assert [b"overloaded" in bodies[0], b"digit" in bodies[1], b"mean" in bodies[2]] == [True] * 3


def crowd(wire: Wired, path: str) -> None:
    line = wire.door.lines[path.encode()]
    for _ in range(BUSY + 1):
        line.enter()
    line._measured(10, perf_counter())


async def test_under_overload_known_heads_are_refused_without_a_parser(wire: Wired) -> None:
    hurried = post(WORDS.path, WORDS.body, "X-Timeout-Ms: 500")
    await wire.send(hurried)
    crowd(wire, WORDS.path)
    reader, writer = await wire.connect()
    await until(lambda: len(wire.made) == 2)
    fed = parsed(wire)
    writer.write(hurried * 2 + hurried[:-1])  # the last one waits for its body
    answers = [await read_answer(reader) for _ in range(2)]
    writer.write(hurried[-1:])
    answers.append(await read_answer(reader))
    writer.close()

    assert [each.status for each in answers] == [503] * 3
    assert [each.headers[b"retry-after"] for each in answers] == [b"2"] * 3
    ids = [each.headers[b"x-request-id"] for each in answers]
    assert len(set(ids)) == 3
    assert all(name in each.body for name, each in zip(ids, answers, strict=True))
    assert b"".join(fed) == hurried
    assert wire.door.lines[b"/next-word"].refused == 3
    assert wire.service.request_metrics.statuses["/next-word", 503] == 3


async def test_many_at_a_time_are_answered_all(wire: Wired) -> None:
    before = wire.door.lines[b"/next-word"]
    for _ in range(BUSY):
        before.enter()  # so that bodies wait to be read
    await wire.send(post(WORDS.path, WORDS.body))
    answers = await asyncio.gather(*(wire.send(post(WORDS.path, WORDS.body)) for _ in range(40)))

    assert [each.status for each in answers] == [200] * 40
    assert before.in_flight == BUSY


async def test_who_leaves_before_the_body_is_read_is_counted_out(wire: Wired) -> None:
    line = wire.door.lines[b"/next-word"]
    await wire.send(post(WORDS.path, WORDS.body))
    for _ in range(BUSY):
        line.enter()
    reader, writer = await wire.connect()
    await until(lambda: len(wire.made) == 2)
    wire.made[1].data_received(post(WORDS.path, WORDS.body))
    wire.made[1].connection_lost(None)
    assert line.in_flight == BUSY
    await asyncio.sleep(0)

    assert wire.service.request_metrics.statuses["/next-word", 499] == 1
    assert wire.service.registry.find("next-word").batcher.waiting_rows == 0
    writer.close()
    assert await reader.read() == b""


async def test_what_follows_a_request_waits_for_its_answer(wire: Wired) -> None:
    model = wire.service.registry.find("classify")
    await wire.send(post(IMAGE.path, IMAGE.body))
    model.batcher._turns = None
    go_on = Event()
    occupied = asyncio.create_task(model.thread.run(go_on.wait))
    reader, writer = await wire.connect()
    next_ones = post(WORDS.path, WORDS.body) + post(SERIES.path, SERIES.body)
    writer.write(post(IMAGE.path, IMAGE.body) + next_ones[:40])
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    writer.write(next_ones[40:])
    await asyncio.sleep(0.02)
    assert wire.service.request_metrics.statuses == {("/classify", 200): 1}
    go_on.set()
    bodies = [(await read_answer(reader)).body for _ in range(3)]
    await occupied
    writer.close()

    assert [b"digit" in bodies[0], b"candidates" in bodies[1], b"mean" in bodies[2]] == [True] * 3


async def test_what_waits_on_a_connection_that_ends_is_not_read(wire: Wired) -> None:
    plain = post(WORDS.path, WORDS.body)
    await wire.send(plain)
    crowd(wire, WORDS.path)
    reader, writer = await wire.connect()
    await until(lambda: len(wire.made) == 2)
    connection = wire.made[1]
    line = wire.door.lines[b"/next-word"]
    before = line.refused
    hurried = post(WORDS.path, WORDS.body, "X-Timeout-Ms: 500")
    connection.data_received(hurried)
    connection.data_received(hurried + hurried)
    assert line.refused == before + 2
    connection.transport.close()
    for _ in range(3):
        await asyncio.sleep(0)

    assert line.refused == before + 2
    writer.close()
    await reader.read()
