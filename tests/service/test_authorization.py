"""Keys: who may ask, and for what none is needed."""

from pathlib import Path

import pytest

from service.asgi import Message, Scope
from service.authorization import ApiKeys, Authorization, authorize_from
from service.errors import StartupError, Unauthorized
from service.settings import Settings
from tests.service.direct import scope_of
from tests.service.harness import ServeWith

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

FAST, FULL = {"series": [1]}, {"series": [1], "horizon": 3.0}


async def not_on_fridays(scope: Scope) -> None:
    """A hook such as a deployment may bring along."""
    if (b"x-day", b"friday") in scope["headers"]:
        raise Unauthorized("not on Fridays")


@pytest.mark.parametrize("body", [FAST, FULL], ids=["fast", "full"])
async def test_predictions_need_a_key(serve_with: ServeWith, body: dict[str, object]) -> None:
    async with serve_with(api_keys="first-key-1, second-key-2") as client:
        for headers in (
            {"Authorization": "Bearer second-key-2"},
            {"authorization": "bearer  first-key-1"},
            {"X-API-Key": "first-key-1"},
        ):
            assert (await client.post("/forecast", json=body, headers=headers)).status_code == 200
        for headers in ({}, {"X-API-Key": "first-key-"}, {"Authorization": "Basic first-key-1"}):
            response = await client.post("/forecast", json=body, headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == 'Bearer realm="seqserve"'
            assert response.json()["type"] == "urn:seqserve:problem:unauthorized"
            assert response.headers["x-request-id"]


async def test_models_need_a_key_but_not_health_metrics_and_documentation(
    serve_with: ServeWith,
) -> None:
    async with serve_with(api_keys="first-key-1") as client:
        closed = [
            (await client.get(path)).status_code for path in ("/models", "/models/x", "/nope")
        ]
        paths = ("/healthz/live", "/healthz/ready", "/metrics", "/docs", "/openapi.json")
        opened = [(await client.get(path)).status_code for path in paths]

    assert closed == [401] * 3
    assert opened == [200] * 5


async def test_without_keys_everybody_may_ask(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        assert (await client.get("/models")).status_code == 200


async def test_a_websocket_without_a_key_is_refused_like_a_request() -> None:
    async def unreachable(*_: object) -> None:
        raise AssertionError

    sent: list[Message] = []

    async def remember(message: Message) -> None:
        sent.append(message)

    scope = {**scope_of("/transduce/stream"), "type": "websocket"}
    guarded = Authorization(unreachable, authorize=ApiKeys(["first-key-1"]))
    await guarded(scope, unreachable, remember)  # type: ignore[arg-type]

    start, body = sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert b"urn:seqserve:problem:" in body["body"]


async def test_a_deployment_may_bring_its_own_hook(serve_with: ServeWith) -> None:
    async with serve_with(auth_hook=f"{__name__}:not_on_fridays") as client:
        friday = await client.post("/forecast", json=FAST, headers={"X-Day": "friday"})
        monday = await client.post("/forecast", json=FAST, headers={"X-Day": "monday"})

    assert (friday.status_code, monday.status_code) == (401, 200)
    assert friday.json()["detail"] == "not on Fridays"


async def test_keys_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# of the dashboard\nfirst-key-1\n\nsecond-key-2\n")
    authorize = authorize_from(Settings(api_keys_file=file))
    assert authorize is not None

    await authorize(scope_of("/forecast", [(b"x-api-key", b"second-key-2")]))
    with pytest.raises(Unauthorized):
        await authorize(scope_of("/forecast", [(b"x-api-key", b"# of the dashboard")]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_keys": " , "}, "at least 8 characters"),
        ({"api_keys": "first-key-1,short"}, "at least 8 characters"),
        ({"api_keys_file": "/nowhere/keys"}, "cannot read the API keys"),
        ({"auth_hook": "nowhere_at_all:check"}, "cannot import the hook"),
        ({"auth_hook": "service.errors:check"}, "cannot import the hook"),
    ],
)
def test_what_cannot_work_is_said_at_start(settings: dict[str, object], message: str) -> None:
    with pytest.raises(StartupError, match=message):
        authorize_from(Settings.model_validate(settings))


def test_keys_are_not_shown() -> None:
    assert "first-key-1" not in repr(Settings.model_validate({"api_keys": "first-key-1"}))
