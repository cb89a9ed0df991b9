"""Which requests take the fast path, and that all that is common to requests holds on it."""

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from fastapi import FastAPI

from service.asgi import Message
from service.body_reading import Replay, read_body
from service.errors import ClientGone, ServiceOverloaded
from tests.service.direct import ask
from tests.service.harness import ServeWith, service_behind

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

PLAIN = {
    "/forecast": orjson.dumps({"series": [1, 2, 3]}),
    "/classify": orjson.dumps({"images": [[51] * 28] * 28}),
    "/next-word": orjson.dumps({"contexts": "aa"}),
}
JSON = (b"content-type", b"application/json")


@pytest.fixture
async def fresh(serve_with: ServeWith) -> AsyncIterator[httpx.AsyncClient]:
    async with serve_with() as client:
        yield client


def taken(client: httpx.AsyncClient) -> dict[tuple[str, str], int]:
    return dict(service_behind(client).request_metrics.paths)


@pytest.mark.parametrize("path", PLAIN)
@pytest.mark.parametrize(
    "media", [None, "application/json", "application/json; charset=utf-8", "Application/JSON"]
)
async def test_plain_json_takes_the_fast_path(
    fresh: httpx.AsyncClient, path: str, media: str | None
) -> None:
    headers = {"Content-Type": media} if media else {}
    response = await fresh.post(path, content=PLAIN[path], headers=headers)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert taken(fresh) == {(path, "fast"): 1}


@pytest.mark.parametrize("path", PLAIN)
async def test_what_is_not_recognised_takes_the_full_path(
    fresh: httpx.AsyncClient, path: str
) -> None:
    marked = await fresh.post(path, content=b"\xef\xbb\xbf" + PLAIN[path][:-1] + b',"version":"1"}')
    refused = await fresh.post(path, content=b'{"wrong":1}')
    other = await fresh.post(path, content=PLAIN[path], headers={"Content-Type": "text/plain"})

    assert (marked.status_code, refused.status_code, other.status_code) == (200, 422, 415)
    assert taken(fresh)[path, "full"] >= 2


async def test_unknown_models_are_refused_by_the_full_path(fresh: httpx.AsyncClient) -> None:
    unknown = await fresh.post("/forecast", json={"series": [1], "model": "x"})
    wrong_task = await fresh.post("/forecast", json={"series": [1], "model": "digits"})
    all_missing = await fresh.post("/forecast", json={"series": [None]})

    statuses = [each.status_code for each in (unknown, wrong_task, all_missing)]
    assert statuses == [404, 422, 422]
    assert all_missing.json()["errors"][0]["location"] == "series.0"
    assert taken(fresh) == {("/forecast", "full"): 3}


async def test_the_paths_are_counted_in_the_metrics(fresh: httpx.AsyncClient) -> None:
    await fresh.post("/next-word", content=PLAIN["/next-word"])
    text = (await fresh.get("/metrics")).text

    assert 'seqserve_predictions_total{route="/next-word",path="fast"} 1' in text
    assert 'seqserve_requests_total{route="/next-word",status="200"} 1' in text


async def test_an_overloaded_model_says_so_with_a_time(
    fresh: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = service_behind(fresh).registry.find("classify")

    async def refuse(*_: object, **__: object) -> None:
        raise ServiceOverloaded("full", retry_after_s=7)

    monkeypatch.setattr(model.batcher, "submit", refuse)
    response = await fresh.post("/classify", content=PLAIN["/classify"])

    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.json()["type"] == "urn:seqserve:problem:overloaded"


async def test_a_failure_of_the_model_tells_nothing(
    fresh: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = service_behind(fresh).registry.find("classify")

    async def fail(*_: object, **__: object) -> None:
        raise ArithmeticError("the secret of the model")

    monkeypatch.setattr(model.batcher, "submit", fail)
    response = await fresh.post("/classify", content=PLAIN["/classify"])

    assert response.status_code == 500
    assert "secret" not in response.text


@pytest.mark.parametrize("path", PLAIN)
async def test_ids_and_sizes_hold(app: FastAPI, path: str) -> None:
    answered = await ask(app, path, PLAIN[path], [JSON, (b"x-request-id", b"mine")])
    too_large = await ask(app, path, b" " * (8 * 2**20 + 1), [JSON])

    assert answered.headers[b"x-request-id"] == b"mine"
    assert answered.headers[b"content-length"] == str(len(answered.body)).encode()
    assert too_large.status == 413


async def test_a_body_in_pieces_is_joined_and_replayed_whole() -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "http.request", "body": b"c"},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return pieces.pop(0)

    body = await read_body(receive)
    replay = Replay(body, receive)

    assert body == b"abc"
    assert await replay.receive() == {"type": "http.request", "body": b"abc", "more_body": False}
    assert await replay.receive() == {"type": "http.disconnect"}


async def test_a_caller_who_leaves_within_the_body_is_gone() -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return pieces.pop(0)

    with pytest.raises(ClientGone):
        await read_body(receive)
