"""The direct path answers as the application does, whatever is sent and however it arrives."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import PredictError, ServiceOverloaded
from service.rows import Array
from service.settings import Settings
from tests.service.direct import ask
from tests.service.generated_bodies import PATHS, broken_body, valid_body
from tests.service.harness import serving
from tests.service.wire import PLAIN, Plain, Wired, post, read_answer, served, wired

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

IMAGE, SERIES, WORDS = PLAIN
EVERY = pytest.mark.parametrize("plain", PLAIN, ids=[plain.path[1:] for plain in PLAIN])
bounded = settings(
    max_examples=60,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
randoms = st.integers(0, 2**32).map(Random)
Pair = tuple[Wired, Any]


@pytest.fixture(scope="module")
async def both(anyio_backend: str, tiny_repository: Path) -> AsyncIterator[Pair]:
    """The service on a socket, and the same without any fast path."""
    values = Settings(repository=tiny_repository, warmup_max_s=0, access_log=False)
    async with serving(values) as app, serving(values, fast_path=False) as full, wired(app) as wire:
        yield wire, full


@pytest.fixture
async def wire(tiny_repository: Path) -> AsyncIterator[Wired]:
    async with served(tiny_repository) as wire:
        yield wire


@bounded
@given(random=randoms, path=st.sampled_from(PATHS), broken=st.booleans())
async def test_every_body_gets_the_answer_of_the_full_path(
    both: Pair, random: Random, path: str, broken: bool
) -> None:
    wire, full = both
    body = (broken_body if broken else valid_body)(random, path)
    direct, expected = await wire.send(post(path, body)), await ask(full, path, body)

    assert direct.status == expected.status
    assert direct.comparable() == expected.comparable()
    assert direct.headers[b"content-type"] == expected.headers[b"content-type"]
    assert broken or direct.body == expected.body


@bounded
@given(places=st.sets(st.floats(0, 1), max_size=5), plain=st.sampled_from(PLAIN))
async def test_it_does_not_matter_where_a_request_is_cut(
    both: Pair, places: set[float], plain: Plain
) -> None:
    wire, _ = both
    whole = post(plain.path, plain.body, "Content-Type: application/json")
    cuts = sorted({1 + int(place * (len(whole) - 2)) for place in places})
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    before = wire.handed_over
    answered = await wire.send(*pieces)

    assert answered.status == 200
    assert answered.body == (await wire.send(whole)).body
    assert wire.handed_over == before


@EVERY
async def test_the_head_is_that_of_the_application(wire: Wired, plain: Plain) -> None:
    same = "X-Request-ID: mine"
    direct = await wire.send(post(plain.path, plain.body, same))
    through = await wire.send(post(plain.path + "?", plain.body, same))  # a query: never direct

    assert direct.status == through.status == 200
    assert direct.body == through.body
    assert direct.headers.keys() == through.headers.keys()
    timing = b"server-timing"
    values = [{**each.headers, timing: b""} for each in (direct, through)]
    assert values[0] == values[1]
    assert direct.headers[timing].startswith(b"parse;dur=")
    assert b'batch;desc="rows=1"' in direct.headers[timing]
    assert direct.headers[b"date"] == b"today"


@EVERY
async def test_plain_requests_never_reach_the_application(wire: Wired, plain: Plain) -> None:
    answered = await wire.send(post(plain.path, plain.body))

    assert answered.status == 200
    assert wire.service.request_metrics.statuses == {(plain.path, 200): 1}
    assert wire.taken(plain.path) == 1
    assert wire.handed_over == 0


async def test_a_connection_is_kept_for_the_next_request(wire: Wired) -> None:
    reader, writer = await wire.connect()
    for plain in (*PLAIN, *PLAIN):
        writer.write(post(plain.path, plain.body))
        assert (await read_answer(reader)).status == 200
    writer.close()

    assert (wire.state.total_requests, wire.handed_over) == (6, 0)


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(IMAGE.path, IMAGE.body, "Connection: close"),
        post(IMAGE.path, IMAGE.body, version="1.0"),
        post(IMAGE.path, IMAGE.body, "Connection: keep-alive", version="1.0"),
        post(IMAGE.path, b"{}", "Connection: close"),  # handed over
    ],
    ids=["close", "1.0", "1.0-keep-alive", "handed-over"],
)
async def test_a_connection_ends_where_uvicorn_would_end_it(
    wire: Wired, request_bytes: bytes
) -> None:
    reader, writer = await wire.connect()
    writer.write(request_bytes)
    answered = await read_answer(reader)

    assert answered.headers[b"connection"] == b"close"
    async with asyncio.timeout(3):  # an idle one is kept for longer
        assert await reader.read() == b""
    writer.close()


async def test_pipelined_requests_are_answered_in_their_order(wire: Wired) -> None:
    reader, writer = await wire.connect()
    asked = [IMAGE, SERIES, WORDS, SERIES, IMAGE] * 3
    writer.write(b"".join(post(plain.path, plain.body) for plain in asked))
    answers = [await read_answer(reader) for _ in asked]
    writer.close()

    names = {"predictions": "c", "forecasts": "f"}
    kinds = [next(names[key] for key in json.loads(each.body) if key in names) for each in answers]
    assert [each.status for each in answers] == [200] * 15
    assert kinds == ["c", "f", "c", "f", "c"] * 3
    bodies = [each.body for each in answers]
    assert bodies[:5] * 3 == bodies


async def test_a_chunked_body_goes_to_the_application(wire: Wired) -> None:
    body = WORDS.body
    head = b"POST /next-word HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    chunked = await wire.send(head, chunks)

    assert chunked.status == 200
    assert chunked.body == (await wire.send(post(WORDS.path, body))).body


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post("/classify", orjson.dumps({"images": [[1] * 784], "model": "x"})), 404),
        (post("/classify", orjson.dumps({"images": [[1] * 784], "model": "forecaster"})), 422),
        (post("/classify", b"", declared=9 * 2**20), 413),
        (post("/forecast", orjson.dumps({"series": [None]})), 422),
        (post("/next-word", WORDS.body, "Content-Type: text/plain"), 415),
        (post("/next-word", WORDS.body, "Content-Encoding: br"), 415),
        (post("/next-word", WORDS.body, "X-Timeout-Ms: soon"), 400),
        (post("/next-word", WORDS.body, "X-Timeout-Ms: 0.000001"), 504),
        (post("/next-word", b""), 400),
        (b"GET /classify HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ],
)
async def test_what_is_wrong_is_told_as_ever(
    wire: Wired, request_bytes: bytes, status: int
) -> None:
    answered = await wire.send(request_bytes)

    assert answered.status == status
    assert answered.headers[b"content-type"] == b"application/problem+json"
    assert answered.headers[b"x-request-id"].decode() == json.loads(answered.body)["request_id"]


async def test_a_key_is_asked_for(tiny_repository: Path) -> None:
    async with served(tiny_repository, api_keys="sesame-sesame") as wire:
        without = await wire.send(post(WORDS.path, WORDS.body))
        given = await wire.send(post(WORDS.path, WORDS.body, "X-API-Key: sesame-sesame"))

        assert (without.status, given.status) == (401, 200)
        assert wire.handed_over == 1


async def let_all(_: object) -> None:
    """A hook."""


async def test_with_a_hook_of_somebody_else_there_is_no_direct_path(tiny_repository: Path) -> None:
    hook = f"{__name__}:let_all"
    async with served(tiny_repository, auth_hook=hook) as wire:
        assert (await wire.send(post(WORDS.path, WORDS.body))).status == 200
        assert wire.handed_over == 1


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ServiceOverloaded("full", retry_after_s=7), 503, "overloaded"),
        (PredictError("the secret of the model"), 500, "internal-error"),
        (ArithmeticError("the secret of the model"), 500, "internal-error"),
    ],
)
async def test_a_refusal_and_a_failure_are_problems(
    wire: Wired,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    batcher = wire.service.registry.find("classify").batcher

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(batcher, "submit_nowait", refuse)
    direct = await wire.send(post(IMAGE.path, IMAGE.body, "X-Request-ID: mine"))
    through = await wire.send(post(IMAGE.path + "?", IMAGE.body, "X-Request-ID: mine"))

    assert direct.status == status
    assert json.loads(direct.body)["type"] == f"urn:seqserve:problem:{kind}"
    assert direct.body == through.body
    assert direct.headers.keys() == through.headers.keys()
    assert direct.headers.get(b"retry-after") == (b"7" if status == 503 else None)
    assert b"secret" not in direct.body
    assert caplog.text.count("POST /classify failed") == (2 if status == 500 else 0)
    assert wire.service.request_metrics.statuses == {("/classify", status): 2}


async def test_an_answer_that_is_not_finite_is_not_given(
    wire: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, Array]:
        return {"probabilities": np.full((1, 10), np.nan, np.float32)}

    monkeypatch.setattr(wire.service.registry.find("classify").batcher, "_run", broken)
    answered = await wire.send(post(IMAGE.path, IMAGE.body))

    assert (answered.status, wire.handed_over) == (500, 0)
    assert wire.taken(IMAGE.path) == 0


@pytest.fixture
async def busy(wire: Wired) -> AsyncIterator[Event]:
    """The classifier computes until the event is set."""
    model = wire.service.registry.find("classify")
    model.batcher._turns = None
    go_on = Event()
    occupied = asyncio.create_task(model.thread.run(go_on.wait))
    yield go_on
    go_on.set()
    await occupied


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - there is no event for this
            await asyncio.sleep(0.002)


async def test_who_leaves_is_not_computed_for(wire: Wired, busy: Event) -> None:
    batcher = wire.service.registry.find("classify").batcher
    line = wire.door.lines[b"/classify"]
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: line.in_flight == 1)
    await asyncio.sleep(0.01)  # its pass has begun
    _, leaving = await wire.connect()
    leaving.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: batcher.waiting_rows == 1)
    leaving.close()
    await until(lambda: line.in_flight == 1)
    statuses = wire.service.request_metrics.statuses
    assert statuses == {("/classify", 499): 1}
    busy.set()

    assert (await read_answer(reader)).status == 200
    writer.close()
    assert batcher.stats.dropped_rows == 1
    assert statuses == {("/classify", 499): 1, ("/classify", 200): 1}
    assert line.in_flight == 0


async def test_who_waits_beyond_the_deadline_is_told_at_once(wire: Wired, busy: Event) -> None:
    answered = await wire.send(post(IMAGE.path, IMAGE.body, "X-Timeout-Ms: 60"))
    busy.set()

    assert (answered.status, wire.handed_over) == (504, 0)
    assert json.loads(answered.body)["type"] == "urn:seqserve:problem:deadline-exceeded"
    assert answered.headers[b"server-timing"].startswith(b"parse;dur=")
    assert wire.service.registry.find("classify").batcher.stats.expired_requests == 1
    assert wire.service.request_metrics.statuses == {("/classify", 504): 1}


async def test_who_leaves_amid_the_body_is_counted(wire: Wired) -> None:
    _, leaving = await wire.connect()
    leaving.write(post(IMAGE.path, IMAGE.body)[:-5])
    await leaving.drain()
    await until(lambda: bool(wire.state.connections))
    leaving.close()
    statuses = wire.service.request_metrics.statuses
    await until(lambda: bool(statuses))

    assert statuses == {("/classify", 499): 1}
    assert wire.door.lines[b"/classify"].in_flight == 0


async def test_a_stopping_server_answers_what_it_has_taken(wire: Wired, busy: Event) -> None:
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    for connection in [*wire.state.connections]:
        connection.shutdown()
    busy.set()
    answered = await read_answer(reader)

    assert answered.status == 200
    assert answered.headers[b"connection"] == b"close"
    assert await reader.read() == b""
    await until(lambda: not wire.state.connections)
    writer.close()


async def test_a_stopping_server_ends_the_connection_of_what_it_hands_over(wire: Wired) -> None:
    reader, writer = await wire.connect()
    whole = post(WORDS.path, b"{}")
    writer.write(whole[:-1])
    await until(lambda: any(each.cycle for each in wire.made))
    for connection in [*wire.state.connections]:
        connection.shutdown()
    writer.write(whole[-1:])
    answered = await read_answer(reader)
    writer.close()

    assert (answered.status, wire.handed_over) == (422, 1)
    assert answered.headers[b"connection"] == b"close"


async def test_who_does_not_read_gets_no_more_answers(wire: Wired) -> None:
    reader, writer = await wire.connect()
    await until(lambda: bool(wire.made))
    (connection,) = wire.made
    connection.pause_writing()
    writer.write(post(WORDS.path, WORDS.body))
    await until(lambda: wire.handed_over == 1)
    connection.resume_writing()

    assert (await read_answer(reader)).status == 200
    writer.close()


async def test_a_request_that_waits_behind_a_direct_one_is_answered_after_it(
    wire: Wired, busy: Event
) -> None:
    reader, writer = await wire.connect()
    writer.write(post(IMAGE.path, IMAGE.body))
    await until(lambda: wire.door.lines[b"/classify"].in_flight == 1)
    writer.write(post(WORDS.path, WORDS.body))
    await asyncio.sleep(0.02)
    busy.set()

    assert b"digit" in (await read_answer(reader)).body
    assert b"candidates" in (await read_answer(reader)).body
    writer.close()


async def test_the_log_line_is_that_of_the_application(
    wire: Wired, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "seqserve.request"):
        await wire.send(post(SERIES.path, SERIES.body))
        await wire.send(post(SERIES.path + "?", SERIES.body))

    direct, through = [each for each in caplog.records if each.name == "seqserve.request"]
    assert direct.getMessage() == through.getMessage() == "POST /forecast"
    timed = {"total_ms", "queue_ms", "predict_ms"}
    fields = [each.__dict__["fields"] for each in (direct, through)]
    assert list(fields[0]) == list(fields[1])
    steady = [{name: each[name] for name in each.keys() - timed} for each in fields]
    assert steady[0] == steady[1]
    assert fields[0]["total_ms"] >= fields[0]["predict_ms"] > 0


async def test_a_body_handed_over_late_has_no_more_time_than_others(wire: Wired) -> None:
    reader, writer = await wire.connect()
    whole = post(WORDS.path, b"\xef\xbb\xbf" + WORDS.body, "X-Timeout-Ms: 30")
    writer.write(whole[:-3])
    await asyncio.sleep(0.06)
    writer.write(whole[-3:])
    late = await read_answer(reader)
    writer.close()

    assert late.status == 504
