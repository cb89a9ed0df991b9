"""Server-Timing on every answer of a model, on both paths."""

import re

import httpx
import pytest

from service.request_record import RequestRecord
from service.server_timing import server_timing

pytestmark = pytest.mark.anyio

FULL = re.compile(
    r"parse;dur=[\d.]+, queue;dur=[\d.]+, compute;dur=[\d.]+, encode;dur=[\d.]+, "
    r'batch;desc="rows=(\d+)"'
)


@pytest.mark.parametrize(
    ("path", "body", "rows"),
    [
        ("/forecast", {"series": [[1], [2]], "horizon": 3}, "2"),
        ("/forecast", {"series": [[1], [2], [3]], "horizon": 3.0}, "3"),
        ("/classify", {"images": [[0] * 784]}, "1"),
        ("/next-word", {"contexts": ["a", "b"]}, "2"),
        ("/next-word/score", {"texts": ["aa ab"]}, "2"),
    ],
)
async def test_predictions_say_where_their_time_went(
    client: httpx.AsyncClient, path: str, body: dict[str, object], rows: str
) -> None:
    response = await client.post(path, json=body)

    found = FULL.fullmatch(response.headers["server-timing"])
    assert found, response.headers["server-timing"]
    assert found.group(1) == rows


async def test_failures_say_how_far_they_came(client: httpx.AsyncClient) -> None:
    missing = await client.post("/forecast", json={"series": [None]})
    late = await client.post("/forecast", json={"series": [1]}, headers={"X-Timeout-Ms": "0.001"})

    assert re.fullmatch(r"parse;dur=[\d.]+", missing.headers["server-timing"])
    assert re.fullmatch(r"parse;dur=[\d.]+, queue;dur=[\d.]+", late.headers["server-timing"])


async def test_other_answers_have_no_timing(client: httpx.AsyncClient) -> None:
    for response in (await client.get("/models"), await client.post("/forecast", json={})):
        assert "server-timing" not in response.headers


def test_times_are_milliseconds() -> None:
    record = RequestRecord("id", read_s=1.0, asked_s=1.002, answered_s=1.01)
    record.passes, record.batch_rows, record.queue_s, record.predict_s = 1, 17, 0.003, 0.0045

    assert server_timing(record, 1.0105) == (
        b"parse;dur=2.000, queue;dur=3.000, compute;dur=4.500, encode;dur=0.500, "
        b'batch;desc="rows=17"'
    )
