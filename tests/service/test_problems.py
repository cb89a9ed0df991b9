"""Every failure is a problem document, with a status, a stable type and the request id."""

import json
import logging
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI, HTTPException

from service import errors
from service.http_errors import TABLE, add_handlers, problem_of, row_of
from service.problem import MAX_FAULTS
from service.tasks.forecast import ForecastTask
from tests.service.harness import ServeWith, service_behind

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The document, after checking all that every one of them has."""
    document: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == document["status"] == status
    assert document["type"] == f"urn:seqserve:problem:{kind}"
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == response.headers["x-request-id"]
    return document


def all_errors(cls: type[errors.ServiceError] = errors.ServiceError) -> set[type]:
    return {cls}.union(*(all_errors(each) for each in cls.__subclasses__()))


def test_every_error_class_is_in_the_tree_of_the_docstring() -> None:
    assert errors.__doc__ is not None
    assert {cls.__name__ for cls in all_errors()} == {
        line.split()[0] for line in errors.__doc__.splitlines()[2:] if line.strip()
    }


def test_every_client_and_unavailable_error_has_a_row_of_its_own() -> None:
    ours = all_errors(errors.PredictError) | all_errors(errors.StartupError)
    assert all_errors() - ours == set(TABLE)
    assert {row_of(cls)[0] for cls in ours} == {500}


def test_kinds_are_different() -> None:
    kinds = [kind for _, kind in TABLE.values()]
    assert len(set(kinds)) == len(kinds)


def test_our_own_faults_tell_nothing() -> None:
    assert "secret" not in str(problem_of(errors.PredictError("secret")))


async def test_an_unknown_path_is_404(client: httpx.AsyncClient) -> None:
    assert "/nope" in problem(await client.get("/nope"), 404, "not-found")["detail"]


async def test_a_wrong_method_is_405_and_says_the_right_one(client: httpx.AsyncClient) -> None:
    response = await client.get("/forecast")

    assert "use POST" in problem(response, 405, "method-not-allowed")["detail"]
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param(b"", "line 1, column 1", id="empty"),
        pytest.param(b'{"series": [1, 2}', "line 1, column 17", id="broken"),
        pytest.param(b'{"series":\n [1, NaN]}', "line 2, column 6", id="NaN"),
        pytest.param(b'{"series": [-Infinity]}', "line 1, column 14", id="infinity"),
        pytest.param(b'{"series": [1e999]}', "line 1, column 13", id="overflow"),
        pytest.param(b'"\xff\xfe"', "line 1, column 1", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "line 1, column 1026", id="very deep"),
    ],
)
async def test_what_is_no_json_is_400_with_the_position(
    client: httpx.AsyncClient, body: bytes, place: str
) -> None:
    response = await client.post("/forecast", content=body, headers=JSON)

    document = problem(response, 400, "not-json")
    assert [each["location"] for each in document["errors"]] == [place]


@pytest.mark.parametrize("body", [[], "text", 5, None, [[1, 2]]])
async def test_json_that_is_no_object_is_422(client: httpx.AsyncClient, body: Any) -> None:
    response = await client.post("/forecast", content=json.dumps(body), headers=JSON)

    errors_found = problem(response, 422, "invalid-input")["errors"]
    assert errors_found == [{"location": "body", "message": "Input should be a JSON object"}]


async def test_a_byte_order_mark_is_forgiven(client: httpx.AsyncClient) -> None:
    body = b"\xef\xbb\xbf" + orjson.dumps({"series": [1, 2]})

    assert (await client.post("/forecast", content=body)).status_code == 200


async def test_a_body_of_another_kind_is_415(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", data={"series": "1"})

    assert (
        "Content-Type: application/json"
        in problem(response, 415, "unsupported-media-type")["detail"]
    )


async def test_a_body_in_an_unknown_coding_is_415(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", content=b"x", headers={"Content-Encoding": "br"})

    assert "br" in problem(response, 415, "unsupported-content-encoding")["detail"]


async def test_an_unknown_model_is_404_and_those_that_serve_are_named(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/forecast", json={"series": [1], "model": "oracle"})

    assert "forecaster" in problem(response, 404, "model-not-found")["detail"]


async def test_a_version_that_does_not_serve_is_404(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", json={"series": [1], "version": "7"})

    assert "version '1' does" in problem(response, 404, "model-not-found")["detail"]


async def test_a_model_of_another_task_is_422(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", json={"series": [1], "model": "digits"})

    assert "answers /classify" in problem(response, 422, "wrong-task")["detail"]


async def test_only_the_first_faults_are_listed(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", json={"series": [["x"]] * 500})

    assert len(problem(response, 422, "invalid-input")["errors"]) == MAX_FAULTS


async def test_a_bug_is_500_without_its_text_and_the_log_has_it(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret")

    monkeypatch.setattr(ForecastTask, "encode", broken)
    with caplog.at_level(logging.ERROR, "seqserve.request"):
        response = await client.post("/forecast", json={"series": [1]})

    problem(response, 500, "internal-error")
    assert "secret" not in response.text
    assert "the secret" in caplog.text


async def test_an_answer_that_is_not_finite_is_500(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = app.state.service.registry.find("classify").batcher
    run = batcher._run

    def answer_nan(inputs: Any, method: str) -> Any:
        return {name: array * float("nan") for name, array in run(inputs, method).items()}

    monkeypatch.setattr(batcher, "_run", answer_nan)
    response = await client.post("/classify", json={"images": [0.0] * 784})

    problem(response, 500, "internal-error")


async def test_a_full_queue_is_503_with_retry_after(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        batcher = service_behind(client).registry.find("forecast").batcher
        batcher._queue.rows = 10**6
        response = await client.post("/forecast", json={"series": [1]})
        batcher._queue.rows = 0

    problem(response, 503, "overloaded")
    assert int(response.headers["retry-after"]) >= 1


async def test_what_the_framework_validates_is_a_problem_document_too() -> None:
    app = FastAPI()
    add_handlers(app)

    @app.get("/n")
    async def number(n: int) -> int:
        return n

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout")

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://service"
    ) as client:
        invalid = (await client.get("/n", params={"n": "x"})).json()
        other = (await client.get("/teapot")).json()

    assert invalid["status"] == 422
    assert invalid["errors"][0]["location"] == "query.n"
    assert (other["status"], other["detail"]) == (418, "short and stout")
