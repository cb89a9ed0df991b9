"""X-Timeout-Ms on both paths, and the default of the server."""

import httpx
import orjson
import pytest
from fastapi import FastAPI

from service.errors import ClientError
from service.request_deadline import deadline_of
from tests.service.direct import ask, scope_of
from tests.service.harness import ServeWith, service_behind

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

PLAIN = orjson.dumps({"series": [1, 2, 3], "horizon": 3})
ODD = orjson.dumps({"series": [1, 2, 3], "horizon": 3.0})  # valid, but not for the fast path


@pytest.mark.parametrize(("given", "deadline_s"), [("250", 7.25), ("0.5", 7.0005), (None, 37.0)])
def test_the_deadline_counts_from_the_arrival(given: str | None, deadline_s: float) -> None:
    headers = [(b"x-timeout-ms", given.encode())] if given else []

    assert deadline_of(scope_of("/", headers), 7.0, 30_000) == pytest.approx(deadline_s)


@pytest.mark.parametrize(
    "given", [b"", b"0", b"-1", b"1e3", b"soon", b"3600001", b"nan", b"0x10", b"1,5", b"\xff"]
)
def test_what_is_no_timeout_is_refused(given: bytes) -> None:
    with pytest.raises(ClientError, match="X-Timeout-Ms must be"):
        deadline_of(scope_of("/", [(b"x-timeout-ms", given)]), 0.0, 1)


@pytest.mark.parametrize("body", [PLAIN, ODD], ids=["fast", "full"])
async def test_a_wrong_header_is_a_problem_on_both_paths(app: FastAPI, body: bytes) -> None:
    answered = await ask(app, "/forecast", body, [(b"x-timeout-ms", b"soon")])

    assert answered.status == 400
    assert orjson.loads(answered.body)["type"] == "urn:seqserve:problem:bad-request"
    assert b"x-request-id" in answered.headers


@pytest.mark.parametrize("body", [PLAIN, ODD], ids=["fast", "full"])
async def test_what_is_too_late_is_504_on_both_paths(app: FastAPI, body: bytes) -> None:
    stats = app.state.service.registry.find("forecast").batcher.stats
    before = stats.rows
    answered = await ask(app, "/forecast", body, [(b"x-timeout-ms", b"0.001")])
    in_time = await ask(app, "/forecast", body, [(b"x-timeout-ms", b"60000")])

    assert (answered.status, in_time.status) == (504, 200)
    assert orjson.loads(answered.body)["type"] == "urn:seqserve:problem:deadline-exceeded"
    assert stats.rows == before + 1


async def test_the_server_has_a_deadline_of_its_own(
    serve_with: ServeWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve_with(default_timeout_ms=1234) as client:
        batcher = service_behind(client).registry.find("forecast").batcher
        seen: list[object] = []
        submit = batcher.submit

        async def watched(rows: object, *, deadline_s: object) -> object:
            seen.append(deadline_s)
            return await submit(rows, deadline_s=deadline_s)  # type: ignore[arg-type]

        monkeypatch.setattr(batcher, "submit", watched)
        response: httpx.Response = await client.post("/forecast", json={"series": [1]})

    assert response.status_code == 200
    assert isinstance(seen[0], float)
