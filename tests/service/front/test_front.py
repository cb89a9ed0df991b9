"""The front answers as the application does, whatever is sent and however it arrives."""

import asyncio
import gc
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.batch_request import NO_ROWS
from service.door import BUSY
from service.errors import PredictError, ServiceOverloaded
from service.front import front as front_module
from service.front.group import Group
from service.front.sockets import COMPILED
from service.parsed_connection import ParsedConnection
from service.rows import Array, Arrays, Rows
from service.settings import Settings
from tests.service.direct import Answered, ask
from tests.service.generated_bodies import PATHS, broken_body, valid_body
from tests.service.harness import serving
from tests.service.test_direct import until
from tests.service.test_known_connection import exchange, made_up
from tests.service.wire import PLAIN, Plain, Wired, post, read_answer, served, wired

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not COMPILED, reason="installed without a compiler"),
]

IMAGE, SERIES, WORDS = PLAIN
EVERY = pytest.mark.parametrize("plain", PLAIN, ids=[plain.path[1:] for plain in PLAIN])
bounded = settings(
    max_examples=60,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
randoms = st.integers(0, 2**32).map(Random)


@pytest.fixture(scope="module")
async def three(anyio_backend: str, tiny_repository: Path) -> AsyncIterator[tuple[Any, ...]]:
    """The service behind a front, behind a parser, and without any fast path."""
    values = Settings(repository=tiny_repository, warmup_max_s=0, access_log=False)
    async with (
        serving(values) as app,
        serving(values, fast_path=False) as full,
        wired(app, with_front=True) as wire,
        wired(app, ParsedConnection) as parsing,
    ):
        yield wire, parsing, full


@pytest.fixture
async def wire(tiny_repository: Path) -> AsyncIterator[Wired]:
    async with served(tiny_repository, with_front=True) as wire:
        yield wire


def image(level: int) -> bytes:
    return orjson.dumps({"images": [[level] * 28] * 28})


def images(*levels: int) -> bytes:
    return orjson.dumps({"images": [[[level] * 28] * 28 for level in levels]})


def digits_of(answered: Answered) -> list[int]:
    return [each["digit"] for each in json.loads(answered.body)["predictions"]]


@bounded
@given(random=randoms, path=st.sampled_from(PATHS), broken=st.booleans())
async def test_every_body_gets_the_answer_of_the_full_path(
    three: tuple[Any, ...], random: Random, path: str, broken: bool
) -> None:
    wire, _, full = three
    body = (broken_body if broken else valid_body)(random, path)
    answered, expected = await wire.send(post(path, body)), await ask(full, path, body)

    assert answered.status == expected.status
    assert answered.comparable() == expected.comparable()
    assert answered.headers[b"content-type"] == expected.headers[b"content-type"]
    assert broken or answered.body == expected.body


@bounded
@given(
    random=randoms,
    n_requests=st.integers(1, 6),
    places=st.sets(st.floats(0, 1), max_size=8),
    same=st.booleans(),
)
async def test_answers_are_those_of_a_connection_with_a_parser(
    three: tuple[Any, ...], random: Random, n_requests: int, places: set[float], same: bool
) -> None:
    requests = [made_up(random) for _ in range(n_requests)]
    if same:  # the same head again and again: most of them are known
        path = random.choice(PATHS)
        requests = [post(path, valid_body(random, path)) for _ in requests]
    whole = b"".join(requests)
    cuts = sorted({int(place * len(whole)) for place in places})
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    wire, parsing, _ = three
    found = await exchange(wire, pieces, n_requests)
    expected = await exchange(parsing, pieces, n_requests)

    assert [each.status for each in found] == [each.status for each in expected]
    assert [each.comparable() for each in found] == [each.comparable() for each in expected]
    assert [each.headers.keys() for each in found] == [each.headers.keys() for each in expected]


def rows_in_memory() -> list[object]:
    found = [each for each in gc.get_objects() if isinstance(each, Group | Rows)]
    return [each for each in found if each is not NO_ROWS]


@EVERY
async def test_who_was_answered_is_let_go_at_once(wire: Wired, plain: Plain) -> None:
    """Not when the garbage collector comes by: bodies of many images would fill the memory."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            assert (await wire.send(post(plain.path, plain.body))).status == 200
        await until(lambda: not rows_in_memory())  # the model's thread has them for a moment
    finally:
        gc.enable()

    assert wire.taken(plain.path) == 3


@EVERY
async def test_the_head_is_that_of_the_application(wire: Wired, plain: Plain) -> None:
    same = "X-Request-ID: mine"
    answered = await wire.send(post(plain.path, plain.body, same))
    through = await wire.send(post(plain.path + "?", plain.body, same))  # a query: a stranger

    assert len(wire.strangers) == 1
    assert answered.status == through.status == 200
    assert answered.body == through.body
    assert answered.headers.keys() == through.headers.keys()
    timing = b"server-timing"
    values = [{**each.headers, timing: b""} for each in (answered, through)]
    assert values[0] == values[1]
    assert answered.headers[timing].startswith(b"parse;dur=")
    assert b'batch;desc="rows=1"' in answered.headers[timing]


@EVERY
async def test_plain_requests_never_leave_the_front(wire: Wired, plain: Plain) -> None:
    reader, writer = await wire.connect()
    for _ in range(3):
        writer.write(post(plain.path, plain.body))
        assert (await read_answer(reader)).status == 200
    writer.close()

    assert (wire.strangers, wire.made) == ([], [])
    assert wire.service.request_metrics.statuses == {(plain.path, 200): 3}
    assert wire.taken(plain.path) == 3
    assert wire.door.lines[plain.path.encode()].in_flight == 0
    await until(lambda: wire.lost == 1)


async def test_pipelined_requests_are_answered_in_their_order(wire: Wired) -> None:
    reader, writer = await wire.connect()
    asked = [IMAGE, SERIES, WORDS, SERIES, IMAGE] * 3
    writer.write(b"".join(post(plain.path, plain.body) for plain in asked))
    answers = [await read_answer(reader) for _ in asked]
    writer.close()

    kinds = [
        next(k for k in ("predictions", "forecasts") if k in json.loads(a.body)) for a in answers
    ]
    assert kinds == ["predictions", "forecasts", "predictions", "forecasts", "predictions"] * 3
    assert wire.strangers == []


async def together(wire: Wired, requests: list[bytes]) -> list[Answered]:
    """The answers to requests that arrive before the loop looks at its sockets."""
    streams = [await wire.connect() for _ in requests]
    for (_, writer), each in zip(streams, requests, strict=True):
        writer.write(each)
    answers = [await read_answer(reader) for reader, _ in streams]
    for _, writer in streams:
        writer.close()
    return answers


async def test_each_of_many_gets_the_answer_to_its_own_rows(wire: Wired) -> None:
    await wire.send(post("/classify", image(0)))
    levels = [(25 * k, *range(k % 3)) for k in range(10)]
    answers = await together(wire, [post("/classify", images(*each)) for each in levels])

    assert [digits_of(each) for each in answers] == [
        [round(level / 25.5) for level in each] for each in levels
    ]
    ids = {each.headers[b"x-request-id"] for each in answers}
    assert len(ids) == 10
    assert all(b'batch;desc="rows=19"' in each.headers[b"server-timing"] for each in answers)
    stats = wire.service.registry.find("classify").batcher.stats
    assert (stats.requests, stats.rows, stats.batches) == (11, 20, 2)
    assert wire.service.request_metrics.statuses == {("/classify", 200): 11}


async def test_series_of_other_lengths_and_wishes_are_answered_alike(wire: Wired) -> None:
    wishes: list[dict[str, Any]] = [
        {"series": [[float(n + k) for k in range(n)]], "horizon": 1 + n % 3}
        for n in (1, 2, 3, 60, 64, 65, 66, 200, 5, 7)
    ]
    wishes += [{"series": [[1, None, 3], [4, 5]], "levels": [80]}, {"series": [[None], [1]]}]
    bodies = [orjson.dumps(wish) for wish in wishes]
    alone = [await wire.send(post("/forecast?", body)) for body in bodies]
    answers = await together(wire, [post("/forecast", body) for body in bodies])

    assert [each.status for each in answers] == [200] * 11 + [422]
    assert [each.comparable() for each in answers] == [each.comparable() for each in alone]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post("/classify", orjson.dumps({"images": [[1] * 784], "model": "x"})), 404),
        (
            post("/classify", orjson.dumps({"images": [[[1] * 28] * 28], "model": "forecaster"})),
            422,
        ),
        (post("/classify", b"", declared=9 * 2**20), 413),
        (post("/forecast", orjson.dumps({"series": [None]})), 422),
        (post("/forecast", orjson.dumps({"series": [1], "horizon": 0})), 422),
        (post("/next-word", WORDS.body, "Content-Type: text/plain"), 415),
        (post("/next-word", WORDS.body, "Content-Encoding: br"), 415),
        (post("/next-word", WORDS.body, "X-Timeout-Ms: soon"), 400),
        (post("/next-word", WORDS.body, "X-Timeout-Ms: 0.000001"), 504),
        (post("/next-word", b""), 400),
        (b"GET /classify HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (post("/classify", IMAGE.body, "X-Long: " + "y" * 20_000), 200),
    ],
)
async def test_what_is_not_plain_is_answered_as_ever(
    wire: Wired, request_bytes: bytes, status: int
) -> None:
    await together(wire, [post(plain.path, plain.body) for plain in PLAIN])  # heads are known
    answered = await wire.send(request_bytes)

    assert answered.status == status
    kind = b"application/problem+json" if status > 200 else b"application/json"
    assert answered.headers[b"content-type"] == kind


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_connection_that_shall_end_is_a_stranger(wire: Wired, version: str) -> None:
    reader, writer = await wire.connect()
    request = post(IMAGE.path, IMAGE.body, "Connection: close", version=version)
    writer.write(request)
    answered = await read_answer(reader)

    assert answered.headers[b"connection"] == b"close"
    assert wire.strangers == [request]
    async with asyncio.timeout(3):
        assert await reader.read() == b""
    writer.close()


async def test_a_key_counts_for_the_head_that_holds_it(tiny_repository: Path) -> None:
    async with served(tiny_repository, with_front=True, api_keys="sesame-sesame") as wire:
        given = post(WORDS.path, WORDS.body, "X-API-Key: sesame-sesame")
        wrong = post(WORDS.path, WORDS.body, "X-API-Key: sesame-sesamE")
        answers = [await wire.send(each) for each in (given, given, wrong, given)]

        assert [each.status for each in answers] == [200, 200, 401, 200]
        assert wire.strangers == [wrong]


async def test_who_changes_heads_all_the_time_is_a_stranger(wire: Wired) -> None:
    reader, writer = await wire.connect()
    ids = []
    for n in range(12):
        writer.write(post(WORDS.path, WORDS.body, f"X-Request-ID: id{n}"))
        ids.append((await read_answer(reader)).headers[b"x-request-id"])
    writer.close()

    assert ids == [b"id%d" % n for n in range(12)]
    assert len(wire.strangers) == 1
    assert b"X-Request-ID: id8" in wire.strangers[0]


async def test_more_heads_than_are_remembered_are_answered(wire: Wired) -> None:
    for _ in range(2):
        heads = [post(WORDS.path, WORDS.body, f"X-Request-ID: id{n}") for n in range(40)]
        answers = [await wire.send(each) for each in heads]
        ids = [each.headers[b"x-request-id"] for each in answers]
        assert ids == [b"id%d" % n for n in range(40)]

    assert wire.strangers == []


def failing(wire: Wired, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Arrays], Any]) -> None:
    """The classifier answers what ``answer`` makes of its inputs where a row is white."""
    batcher = wire.service.registry.find("classify").batcher
    run = batcher._run

    def changed(inputs: Arrays, method: str) -> Arrays:
        white = inputs["images"].min(axis=(1, 2)) == 255
        outputs = dict(run(inputs, method))
        if white.any():
            outputs["probabilities"] = answer(outputs)
            outputs["probabilities"][white] = np.nan
        return outputs

    monkeypatch.setattr(batcher, "_run", changed)


def broken(_: Arrays) -> Array:
    raise ArithmeticError("the secret of the model")


@pytest.mark.parametrize(
    "answer", [broken, lambda outputs: outputs["probabilities"].copy()], ids=["raises", "nan"]
)
async def test_only_the_culprit_of_many_fails(
    wire: Wired, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Arrays], Any]
) -> None:
    await wire.send(post("/classify", image(0)))
    failing(wire, monkeypatch, answer)
    levels = [0, 25, 255, 51, 76, 255, 102]
    answers = await together(wire, [post("/classify", images(level)) for level in levels])

    assert [each.status for each in answers] == [200, 200, 500, 200, 200, 500, 200]
    good = [digits_of(each) for each in answers if each.status == 200]
    assert good == [[0], [1], [2], [3], [4]]
    assert all(b"secret" not in each.body for each in answers)
    assert wire.door.lines[b"/classify"].in_flight == 0
    statuses = wire.service.request_metrics.statuses
    assert statuses == {("/classify", 200): 6, ("/classify", 500): 2}


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ServiceOverloaded("full", retry_after_s=7), 503, "overloaded"),
        (PredictError("the secret of the model"), 500, "internal-error"),
        (ArithmeticError("the secret of the model"), 500, "internal-error"),
    ],
)
async def test_a_refusal_and_a_failure_are_problems(
    wire: Wired, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, kind: str
) -> None:
    batcher = wire.service.registry.find("classify").batcher

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(batcher, "submit_nowait", refuse)
    answered = await wire.send(post(IMAGE.path, IMAGE.body, "X-Request-ID: mine"))
    through = await wire.send(post(IMAGE.path + "?", IMAGE.body, "X-Request-ID: mine"))

    assert answered.status == status
    assert json.loads(answered.body)["type"] == f"urn:seqserve:problem:{kind}"
    assert answered.body == through.body
    assert answered.headers.keys() == through.headers.keys()
    assert answered.headers.get(b"retry-after") == (b"7" if status == 503 else None)
    assert wire.service.request_metrics.statuses == {("/classify", status): 2}


@pytest.fixture
async def busy(wire: Wired) -> AsyncIterator[Event]:
    """The classifier computes until the event is set."""
    await wire.send(post(IMAGE.path, IMAGE.body))
    model = wire.service.registry.find("classify")
    model.batcher._turns = None
    go_on = Event()
    occupied = asyncio.create_task(model.thread.run(go_on.wait))
    yield go_on
    go_on.set()
    await occupied


async def test_who_leaves_is_not_computed_for(wire: Wired, busy: Event) -> None:
    batcher = wire.service.registry.find("classify").batcher
    line = wire.door.lines[b"/classify"]
    reader, writer = await wire.connect()
    writer.write(post("/classify", image(25)))
    await until(lambda: line.in_flight == 1)
    await asyncio.sleep(0.01)  # its pass has begun
    streams = [await wire.connect() for _ in range(4)]
    for number, (_, each) in enumerate(streams):
        each.write(post("/classify", images(*[25 * (number + 2)] * (number + 1))))
    await until(lambda: batcher.waiting_rows == 10)
    for at in (0, 2):
        streams[at][1].close()
    await until(lambda: line.in_flight == 3)
    assert batcher.waiting_rows == 6
    busy.set()

    assert digits_of(await read_answer(reader)) == [1]
    assert digits_of(await read_answer(streams[1][0])) == [3, 3]
    assert digits_of(await read_answer(streams[3][0])) == [5] * 4
    for _, each in (streams[1], streams[3], (None, writer)):
        each.close()
    assert batcher.stats.dropped_rows == 4
    statuses = wire.service.request_metrics.statuses
    assert statuses == {("/classify", 499): 2, ("/classify", 200): 4}
    assert (line.in_flight, batcher.waiting_rows, batcher.stats.requests) == (0, 0, 4)


async def test_when_all_have_left_nothing_is_computed(wire: Wired, busy: Event) -> None:
    batcher = wire.service.registry.find("classify").batcher
    reader, writer = await wire.connect()
    writer.write(post("/classify", image(25)))
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    await asyncio.sleep(0.01)
    streams = [await wire.connect() for _ in range(3)]
    for _, each in streams:
        each.write(post("/classify", image(51)))
    await until(lambda: batcher.waiting_rows == 3)
    for _, each in streams:
        each.close()
    await until(lambda: batcher.waiting_rows == 0)
    busy.set()

    assert (await read_answer(reader)).status == 200
    writer.close()
    await until(lambda: batcher.stats.dropped_rows == 3)
    assert batcher.stats.rows == 2


async def test_who_waits_beyond_the_deadline_is_told_at_once(wire: Wired, busy: Event) -> None:
    requests = [post("/classify", image(level), "X-Timeout-Ms: 500") for level in (1, 2, 3)]
    answers = await together(wire, requests)
    busy.set()

    assert [each.status for each in answers] == [504] * 3
    assert json.loads(answers[0].body)["type"] == "urn:seqserve:problem:deadline-exceeded"
    assert answers[0].headers[b"server-timing"].startswith(b"parse;dur=")
    assert wire.service.registry.find("classify").batcher.stats.expired_requests == 3
    assert wire.service.request_metrics.statuses["/classify", 504] == 3


async def test_who_leaves_amid_the_body_is_counted(wire: Wired) -> None:
    await wire.send(post(IMAGE.path, IMAGE.body))
    _, leaving = await wire.connect()
    leaving.write(post(IMAGE.path, IMAGE.body)[:-5])
    await leaving.drain()
    leaving.close()
    statuses = wire.service.request_metrics.statuses
    await until(lambda: ("/classify", 499) in statuses)

    assert statuses == {("/classify", 200): 1, ("/classify", 499): 1}
    assert wire.door.lines[b"/classify"].in_flight == 0


async def test_under_overload_who_is_too_many_is_refused(wire: Wired) -> None:
    hurried = post(WORDS.path, WORDS.body, "X-Timeout-Ms: 500")
    await wire.send(hurried)
    line = wire.door.lines[b"/next-word"]
    line.enter(BUSY - 2)
    line._measured(10, perf_counter())
    answers = await together(wire, [hurried] * 20)

    statuses = sorted(each.status for each in answers)
    assert statuses == [200] * 2 + [503] * 18
    refused = [each for each in answers if each.status == 503]
    ids = [each.headers[b"x-request-id"] for each in refused]
    assert len(set(ids)) == 18
    assert all(name in each.body for name, each in zip(ids, refused, strict=True))
    assert all(int(each.headers[b"retry-after"]) >= 1 for each in refused)
    assert line.refused == 18
    assert wire.service.request_metrics.statuses["/next-word", 503] == 18
    assert line.in_flight == BUSY - 2
    # Ten a second: those that wait now take more than a second, those that come again two more.
    assert line.retry_after_s() == 4


async def test_a_refusal_has_the_id_that_its_caller_gave(wire: Wired) -> None:
    named = post(WORDS.path, WORDS.body, "X-Timeout-Ms: 500", "X-Request-ID: mine:1")
    await wire.send(named)
    line = wire.door.lines[b"/next-word"]
    line.enter(BUSY)
    line._measured(10, perf_counter())
    answer = await wire.send(named)
    line.leave(BUSY)

    assert (answer.status, answer.headers[b"x-request-id"]) == (503, b"mine:1")
    assert b'"mine:1"' in answer.body


async def test_a_stopping_front_answers_what_it_has_taken(wire: Wired, busy: Event) -> None:
    idle_reader, idle = await wire.connect()
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    assert wire.front
    stopping = asyncio.create_task(wire.front.stop(5.0))
    assert await idle_reader.read() == b""
    busy.set()
    answered = await read_answer(reader)

    assert answered.status == 200
    assert answered.headers[b"connection"] == b"close"
    assert await reader.read() == b""
    await stopping
    for each in (writer, idle):
        each.close()
    wire.front = None


async def test_a_front_does_not_wait_for_ever(wire: Wired, busy: Event) -> None:
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    assert wire.front
    await wire.front.stop(0.05)

    assert await reader.read() == b""
    writer.close()
    wire.front = None
    assert wire.door.lines[b"/classify"].in_flight == 0


async def test_a_turn_that_was_due_when_the_front_stopped_is_none(
    wire: Wired, busy: Event, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body) * 2)
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    assert wire.front
    wire.front._loop.call_soon(wire.front._turn)
    await wire.front.stop(0.0)
    for _ in range(3):
        await asyncio.sleep(0)

    assert caplog.records == []
    assert await reader.read() == b""
    writer.close()
    wire.front = None


async def test_who_sends_slowly_or_nothing_does_not_stay(
    tiny_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "SWEEP_S", 0.05)
    monkeypatch.setattr(front_module, "SLOW_S", 0.1)
    async with served(tiny_repository, with_front=True, patience_s=0.4) as wire:
        request = post(IMAGE.path, IMAGE.body)
        await wire.send(request)
        silent, silent_writer = await wire.connect()
        kept, kept_writer = await wire.connect()
        kept_writer.write(request)
        await read_answer(kept)
        slow, writer = await wire.connect()
        writer.write(request[:-3])
        await until(lambda: wire.strangers == [request[:-3]])
        writer.write(request[-3:])

        assert (await read_answer(slow)).status == 200
        assert await silent.read() == b""
        assert await kept.read() == b""
        for each in (writer, silent_writer, kept_writer):
            each.close()


async def test_an_answer_that_is_not_read_at_once_arrives_whole(wire: Wired) -> None:
    body = orjson.dumps({"series": [[1.5, n] for n in range(2000)], "horizon": 3})
    expected = await wire.send(post("/forecast", body))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", wire.port))
        await loop.sock_sendall(client, post("/forecast", body) * 2)
        await asyncio.sleep(0.3)
        received = bytearray()
        while received.count(b"\r\n\r\n") < 2 or len(received) < 2 * len(expected.body):
            received += await loop.sock_recv(client, 1 << 16)

    assert received.count(expected.body) == 2


async def test_the_log_line_is_that_of_the_application(
    wire: Wired, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "seqserve.request"):
        await wire.send(post(SERIES.path, SERIES.body))
        await wire.send(post(SERIES.path + "?", SERIES.body))

    first, through = [each for each in caplog.records if each.name == "seqserve.request"]
    assert first.getMessage() == through.getMessage() == "POST /forecast"
    timed = {"total_ms", "queue_ms", "predict_ms"}
    fields = [each.__dict__["fields"] for each in (first, through)]
    assert list(fields[0]) == list(fields[1])
    steady = [{name: each[name] for name in each.keys() - timed} for each in fields]
    assert steady[0] == steady[1]
    assert fields[0]["total_ms"] >= fields[0]["predict_ms"] > 0
