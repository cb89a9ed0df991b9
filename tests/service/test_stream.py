"""/transduce/stream, against a network whose output is the running sum."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.settings import Settings
from service.tasks.transduce import CHUNK
from service.websocket_protocol import STOPPING
from tests.service.harness import client_of, serving
from tests.service.socket_client import Socket, opened

pytestmark = pytest.mark.anyio

Serve = Callable[..., AbstractAsyncContextManager[FastAPI]]


@pytest.fixture
def serve(tiny_repository: Path) -> Serve:
    @asynccontextmanager
    async def start(**values: object) -> AsyncIterator[FastAPI]:
        given_values = {"repository": tiny_repository, "warmup_max_s": 0, **values}
        async with serving(Settings.model_validate(given_values)) as app:
            yield app

    return start


async def greeted(socket: Socket) -> Any:
    assert (await socket.message())["type"] == "websocket.accept"
    return await socket.answer()


async def test_the_greeting_says_who_answers_and_what_fits(app: FastAPI) -> None:
    async with opened(app) as socket:
        greeting = await greeted(socket)

    assert greeting["model"] == {"name": "transducer", "version": "1"}
    assert greeting["max_unanswered_samples"] == 65536


async def test_text_is_answered_by_text_and_bytes_by_bytes(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(samples=[1, 2, 3])
        assert await socket.answer() == {"outputs": [1, 3, 6]}
        socket.send_samples(10, 0.5)
        assert await socket.samples() == [16, 16.5]
        socket.send(samples=[])
        assert await socket.answer() == {"outputs": []}


async def test_a_stream_goes_on_where_another_or_a_request_ended(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(samples=[1, 2], send_state=True)
        asked = await socket.answer()
        socket.send(samples=[4], end=True)
        last = await socket.answer()
        assert await socket.closed() == (1000, "")
    assert (asked["outputs"], asked["n_samples"]) == ([1, 3], 2)
    assert (last["outputs"], last["n_samples"]) == ([7], 3)

    async with opened(app) as socket, client_of(app) as client:
        await greeted(socket)
        socket.send(state=last["state"], samples=[1])
        assert await socket.answer() == {"outputs": [8]}
        body = {"signals": [1], "states": last["state"]}
        assert (await client.post("/transduce", json=body)).json()["outputs"] == [[8]]


async def test_null_starts_afresh_in_the_middle(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        for message in ({"samples": [5]}, {"state": None, "samples": [2]}, {"samples": [1]}):
            socket.send(**message)
        assert [(await socket.answer())["outputs"] for _ in range(3)] == [[5], [2], [3]]


pieces = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(-9, 9), max_size=40)), min_size=1, max_size=8
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=pieces)
async def test_messages_sent_without_waiting_are_answered_one_by_one_in_order(
    app: FastAPI, pieces: list[tuple[bool, list[int]]]
) -> None:
    sums = np.cumsum([sample for _, part in pieces for sample in part]).tolist()
    async with opened(app) as socket:
        await greeted(socket)
        for binary, part in pieces:
            if binary:
                socket.send_samples(*part)
            else:
                socket.send(samples=part)
        for binary, part in pieces:
            found = await socket.samples() if binary else (await socket.answer())["outputs"]
            assert found == sums[: len(part)]
            del sums[: len(part)]


async def test_a_message_longer_than_a_chunk_is_answered_whole(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send_samples(*[1.0] * (2 * CHUNK + 3))
        assert await socket.samples() == list(range(1, 2 * CHUNK + 4))


BAD_TEXTS = ["{", "[1]", "1", '{"sample": [1]}', '{"samples": [1, null]}', '{"samples": ["1"]}']
BAD_TEXTS += ['{"samples": [NaN]}', '{"samples": [1e31]}', '{"end": 1}', '{"samples": 1}']


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_text_that_is_no_message_closes_after_all_before_it_was_answered(
    app: FastAPI, text: str
) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(samples=[4])
        socket.send_text(text)
        assert await socket.answer() == {"outputs": [4]}
        problem = await socket.answer()
        code, reason = await socket.closed()

    assert (code, reason) == (1007, problem["detail"][:123])
    assert problem["type"].startswith("urn:seqserve:problem:")
    assert (problem["status"] in {400, 422}, problem["n_samples"]) == (True, 1)


@pytest.mark.parametrize(
    "content",
    [b"abc", np.array([1, np.nan], "<f4").tobytes(), np.array([-np.inf], "<f4").tobytes()],
    ids=["odd length", "nan", "infinite"],
)
async def test_bytes_that_are_no_samples_close(app: FastAPI, content: bytes) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send_bytes(content)
        assert (await socket.answer())["errors"]
        assert (await socket.closed())[0] == 1003


async def test_large_samples_are_samples(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send_samples(1e29, -1e29, 0.5)
        assert await socket.samples() == pytest.approx([1e29, 0, 0.5])


async def test_a_token_that_is_none_closes_and_says_so(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(state="hello", samples=[1])
        problem = await socket.answer()
        code, reason = await socket.closed()

    assert code == 1008
    assert problem["errors"][0]["location"] == "state"
    assert "is no state token" in reason


async def test_the_state_of_a_stream_that_failed_continues_it(app: FastAPI) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(samples=[4, 4])
        socket.send_text("oops")
        await socket.answer()
        state = (await socket.answer())["state"]

    async with opened(app) as socket:
        await greeted(socket)
        socket.send(state=state, samples=[1])
        assert await socket.answer() == {"outputs": [9]}


async def test_silence_ends_a_stream(serve: Serve) -> None:
    async with serve(stream_idle_s=1) as app, opened(app) as socket:
        await greeted(socket)
        problem = await socket.answer()
        assert problem["type"] == "urn:seqserve:problem:stream-idle"
        assert await socket.closed() == (1008, "No message came for 1 s.")


async def test_when_the_server_stops_what_was_read_is_answered_and_the_state_handed_out(
    app: FastAPI,
) -> None:
    async with opened(app) as socket:
        await greeted(socket)
        socket.send(samples=[3])
        socket.to_app.put_nowait({"type": STOPPING})
        assert await socket.answer() == {"outputs": [3]}
        problem = await socket.answer()
        assert (await socket.closed())[0] == 1012

    assert problem["n_samples"] == 1
    assert problem["state"]


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("model=oracle", 404, "model-not-found"),
        ("version=7", 404, "model-not-found"),
        ("model=digits", 422, "wrong-task"),
        ("modle=transducer", 422, "invalid-input"),
    ],
)
async def test_a_handshake_that_makes_no_sense_is_refused_with_a_problem(
    app: FastAPI, query: str, status: int, kind: str
) -> None:
    async with opened(app, query) as socket:
        start, body = await socket.message(), await socket.message()

    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert f"urn:seqserve:problem:{kind}".encode() in body["body"]


async def test_a_client_that_is_gone_before_the_greeting_is_counted(serve: Serve) -> None:
    async with serve(access_log=False) as app, client_of(app) as client:
        async with opened(app) as socket:
            socket.gone = True
        assert 'seqserve_streams_total{code="1006"} 1' in await metrics_of(client)


async def test_a_service_with_keys_asks_for_one(serve: Serve) -> None:
    async with serve(api_keys="first-key-1") as app:
        async with opened(app) as socket:
            assert (await socket.message())["status"] == 401
        async with opened(app, headers=[(b"x-api-key", b"first-key-1")]) as socket:
            await greeted(socket)


async def test_a_stream_too_many_is_refused(serve: Serve) -> None:
    async with serve(max_streams=1) as app, opened(app) as first:
        await greeted(first)
        async with opened(app) as second:
            start = await second.message()
        assert start["status"] == 503
        assert b"retry-after" in dict(start["headers"])


async def test_a_model_may_be_named(app: FastAPI) -> None:
    async with opened(app, "model=transducer&version=1") as socket:
        assert (await greeted(socket))["model"]["name"] == "transducer"


async def test_streams_are_counted(serve: Serve) -> None:
    async with serve() as app, client_of(app) as client:
        async with opened(app) as socket:
            await greeted(socket)
            socket.send_samples(1, 2, 3)
            await socket.samples()
            assert "seqserve_streams 1" in await metrics_of(client)
        text = await metrics_of(client)

    assert "seqserve_streams 0" in text
    assert 'seqserve_streams_total{code="1001"} 1' in text
    assert "seqserve_stream_samples_total 3" in text


async def metrics_of(client: httpx.AsyncClient) -> str:
    return (await client.get("/metrics")).text
