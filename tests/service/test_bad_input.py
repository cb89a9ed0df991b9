"""Whatever is sent, the answer is a prediction or a 4xx problem document, never a 5xx."""

import json
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.anyio

ENDPOINTS = ["/forecast", "/classify", "/next-word", "/transduce"]
FIELDS = ["series", "images", "contexts", "horizon", "season_length", "quantiles", "levels"]
FIELDS += ["top_k", "signals", "states", "model", "version", "other"]

bounded = settings(
    max_examples=100,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner)
)
rows = st.lists(scalars, min_size=27, max_size=29)
nearly_right: dict[str, Any] = {
    "series": st.lists(st.lists(numbers | st.none(), max_size=70), max_size=5),
    "images": st.lists(st.lists(rows | st.just([0] * 28), min_size=27, max_size=29), max_size=2),
    "contexts": st.lists(st.text(max_size=200), max_size=4),
    "horizon": st.integers(-5, 1100),
    "season_length": st.integers(-1, 20),
    "quantiles": st.lists(st.floats(-0.1, 1.1), max_size=4),
    "levels": st.lists(st.floats(-1, 101), max_size=4),
    "top_k": st.integers(-5, 120),
    "signals": st.lists(st.lists(numbers, max_size=70), max_size=5),
    "states": st.lists(st.none() | st.text(max_size=90), max_size=5),
    "model": st.sampled_from(["forecaster", "digits", "next-word", "transducer", "", "x"]),
    "version": st.sampled_from(["1", "2", "", None]),
}
bodies = st.dictionaries(st.sampled_from(FIELDS), json_values) | st.fixed_dictionaries(
    {}, optional={name: value | json_values for name, value in nearly_right.items()}
)


def check(response: httpx.Response) -> None:
    """A prediction, or a 4xx problem that says what is wrong."""
    document = orjson.loads(response.content)
    if response.status_code == 200:
        assert document["model"]["version"] == "1"
        return
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert document["status"] == response.status_code
    assert document["detail"]
    if response.status_code == 422:
        assert all(error["location"] and error["message"] for error in document["errors"])


@bounded
@given(path=st.sampled_from(ENDPOINTS), body=st.binary(max_size=200))
async def test_any_bytes(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    check(await client.post(path, content=body, headers={"Content-Type": "application/json"}))


@bounded
@given(path=st.sampled_from(ENDPOINTS), body=json_values)
async def test_any_json(client: httpx.AsyncClient, path: str, body: Any) -> None:
    content = json.dumps(body)  # also what orjson would not write: long integers, lone surrogates
    check(await client.post(path, content=content, headers={"Content-Type": "application/json"}))


@bounded
@given(path=st.sampled_from(ENDPOINTS), body=bodies)
async def test_nearly_right_fields(client: httpx.AsyncClient, path: str, body: Any) -> None:
    check(await client.post(path, json=body))


@bounded
@given(
    media=st.sampled_from(["image/png", "image/jpeg", "multipart/form-data; boundary=b", "x/y"]),
    body=st.binary(max_size=300),
)
async def test_any_bytes_of_any_kind(client: httpx.AsyncClient, media: str, body: bytes) -> None:
    check(await client.post("/classify", content=body, headers={"Content-Type": media}))


@bounded
@given(name=st.text(min_size=1, max_size=40), request_id=st.binary(max_size=40))
async def test_any_name_and_request_id(
    client: httpx.AsyncClient, name: str, request_id: bytes
) -> None:
    response = await client.get(
        f"/models/{_quoted(name)}",
        headers=[(b"x-request-id", request_id)],
    )

    assert response.status_code in (200, 404, 307)


def _quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))
