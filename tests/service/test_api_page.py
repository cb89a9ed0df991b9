"""docs/api.md: its requests are answered, its tables are complete."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.http_errors import TABLE

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## `POST (/\S+)`\n(.*?)(?=^## )", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = [
    (path, json.loads(body))
    for path, section in SECTIONS
    for body in re.findall(r"```json\n(.*?)```", section, re.DOTALL)
]


@pytest.mark.parametrize(("path", "body"), EXAMPLES)
async def test_every_request_on_the_page_is_answered(
    client: httpx.AsyncClient, path: str, body: Any
) -> None:
    response = await client.post(path, json=body)

    assert response.status_code == 200, response.text


def test_there_are_examples() -> None:
    assert {path for path, _ in EXAMPLES} == {
        "/forecast",
        "/forecast/backtest",
        "/next-word",
        "/next-word/complete",
        "/next-word/score",
        "/next-word/neighbours",
        "/transduce",
    }


def test_every_route_is_in_the_table(app: FastAPI) -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, item in app.openapi()["paths"].items()
        for method in item
    }

    assert set(re.findall(r"^\| `((?:GET|POST) \S+)` \|", PAGE, re.MULTILINE)) == routes


def test_every_failure_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d{3}) \| ((?:`[a-z-]+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    listed = {
        (int(status), kind) for status, kinds in rows for kind in re.findall(r"[a-z-]+", kinds)
    }

    assert set(TABLE.values()) <= listed
