"""The OpenAPI page: complete, and every example in it is answered as it promises."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from service.routes.openapi import ProblemDocument
from service.tasks.backtest_api import EXAMPLES as BACKTEST
from service.tasks.backtest_api import BacktestResponse
from service.tasks.classify_api import EXAMPLES as CLASSIFY
from service.tasks.classify_api import ClassifyResponse
from service.tasks.forecast_api import EXAMPLES as FORECAST
from service.tasks.forecast_api import ForecastResponse
from service.tasks.next_word_api import EXAMPLES as NEXT_WORD
from service.tasks.next_word_api import NextWordResponse
from service.tasks.next_word_complete_api import EXAMPLES as COMPLETE
from service.tasks.next_word_complete_api import CompleteResponse
from service.tasks.next_word_neighbours_api import EXAMPLES as NEIGHBOURS
from service.tasks.next_word_neighbours_api import NeighboursResponse
from service.tasks.next_word_score_api import EXAMPLES as SCORE
from service.tasks.next_word_score_api import ScoreResponse
from service.tasks.transduce_api import EXAMPLES as TRANSDUCE
from service.tasks.transduce_api import TransduceResponse

pytestmark = pytest.mark.anyio

RESPONSES: dict[str, type[BaseModel]] = {
    "/forecast": ForecastResponse,
    "/forecast/backtest": BacktestResponse,
    "/classify": ClassifyResponse,
    "/next-word": NextWordResponse,
    "/next-word/score": ScoreResponse,
    "/next-word/complete": CompleteResponse,
    "/next-word/neighbours": NeighboursResponse,
    "/transduce": TransduceResponse,
}


@pytest.fixture
async def page(client: httpx.AsyncClient) -> dict[str, Any]:
    page: dict[str, Any] = (await client.get("/openapi.json")).json()
    return page


def operations(page: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in page["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


async def test_every_example_is_answered_as_the_page_promises(
    client: httpx.AsyncClient, page: dict[str, Any]
) -> None:
    executed = 0
    for path, method, operation in operations(page):
        contents = operation.get("requestBody", {}).get("content", {})
        for example in contents.get("application/json", {}).get("examples", {}).values():
            response = await client.request(method, path, json=example["value"])
            assert response.status_code == 200, response.text
            RESPONSES[path].model_validate_json(response.content, strict=True, extra="forbid")
            executed += 1

    all_examples = (
        *(FORECAST, BACKTEST, CLASSIFY, NEXT_WORD, SCORE, COMPLETE, NEIGHBOURS),
        TRANSDUCE,
    )
    assert executed == sum(map(len, all_examples))


async def test_every_operation_is_described_and_says_how_it_fails(page: dict[str, Any]) -> None:
    for path, _, operation in operations(page):
        assert operation["summary"], path
        assert operation["description"], path
        assert "200" in operation["responses"], path
    for path in RESPONSES:
        failures = set(page["paths"][path]["post"]["responses"]) - {"200"}
        assert failures == {"400", "401", "404", "413", "415", "422", "500", "503", "504"}


async def test_every_reference_leads_somewhere(page: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                yield from references(each)

    schemas = page["components"]["schemas"]
    assert {each.removeprefix("#/components/schemas/") for each in references(page)} <= set(schemas)
    assert "HTTPValidationError" not in schemas


async def test_problem_documents_are_what_the_page_says(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", json={"series": [["x"]]})

    ProblemDocument.model_validate_json(response.content, strict=True, extra="forbid")


async def test_the_page_for_people_needs_no_internet(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text

    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"/docs/{name}" in page
        assert (await client.get(f"/docs/{name}")).status_code == 200
    assert (await client.get("/docs/other.js")).status_code == 404
