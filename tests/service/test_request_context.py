"""Request ids, and the log line of every request."""

import logging

import httpx
import pytest

from service.asgi import Message, Receive, Scope, Send
from service.request_context import RequestContext

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/healthz/live", "/nope", "/openapi.json"])
async def test_a_sane_id_of_the_caller_comes_back(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"X-Request-ID": "order-7_b:2.1"})

    assert response.headers["x-request-id"] == "order-7_b:2.1"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, 'quo"te', "\x1b[31m"])
async def test_any_other_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/healthz/live", headers={"X-Request-ID": given})

    assert len(response.headers["x-request-id"]) == 16
    assert response.headers["x-request-id"] != given


async def test_new_ids_differ(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/healthz/live")).headers["x-request-id"] for _ in range(20)}

    assert len(ids) == 20


async def test_a_prediction_is_logged_in_one_line(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "seqserve.request"):
        await client.post("/forecast", json={"series": [[1], [2], [3]], "horizon": 1})

    (record,) = [each for each in caplog.records if each.name == "seqserve.request"]
    fields = record.__dict__["fields"]
    assert record.getMessage() == "POST /forecast"
    assert {name: fields[name] for name in ("status", "model", "version", "rows", "batch")} == {
        "status": 200,
        "model": "forecaster",
        "version": "1",
        "rows": 3,
        "batch": 3,
    }
    assert fields["total_ms"] >= fields["predict_ms"] > 0
    assert fields["queue_ms"] >= 0


async def test_health_checks_do_not_fill_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "seqserve.request"):
        await client.get("/healthz/live")

    assert not [each for each in caplog.records if each.name == "seqserve.request"]


async def test_a_failure_after_the_answer_began_is_not_answered_twice() -> None:
    async def half(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    sent: list[Message] = []

    async def remember(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError, match="in the middle"):
        await RequestContext(half)(scope, nothing, remember)

    assert [message["type"] for message in sent] == ["http.response.start"]
