"""GET /metrics: what is counted, and how it is written."""

import re
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.lifecycle import Service
from service.metrics import RequestMetrics, render
from service.settings import Settings
from tests.service.harness import ServeWith, client_of, no_abort

pytestmark = pytest.mark.anyio

SAMPLE = re.compile(r'(seqserve_\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? ([-+.e\d]+)')


def samples(text: str) -> dict[str, float]:
    """Each sample as ``name label=value ...``."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match, line
            found[" ".join([match[1], *(match[2] or "").split(",")]).strip()] = float(match[3])
    return found


async def test_requests_batches_and_padding_are_counted(serve_with: ServeWith) -> None:
    async with serve_with(max_batch_rows=4) as client:
        await client.post("/forecast", json={"series": [[1.0] * 40, [1.0] * 60], "horizon": 1})
        await client.post("/classify", json={"images": [[0.0] * 784] * 7})
        await client.post("/classify", json={})
        await client.get("/made/up")
        response = await client.get("/metrics")
    found = samples(response.text)

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found['seqserve_requests_total route="/forecast" status="200"'] == 1
    assert found['seqserve_requests_total route="/classify" status="422"'] == 1
    assert found['seqserve_requests_total route="unmatched" status="404"'] == 1
    digits = 'model="digits" version="1"'
    assert found[f"seqserve_model_requests_total {digits}"] == 1
    assert found[f"seqserve_batches_total {digits}"] == 2
    assert found[f"seqserve_rows_total {digits}"] == 7
    assert found[f'seqserve_batch_rows_bucket {digits} le="2"'] == 0
    assert found[f'seqserve_batch_rows_bucket {digits} le="4"'] == 2
    assert found[f"seqserve_batch_rows_sum {digits}"] == 7
    assert found[f"seqserve_compute_seconds_total {digits}"] > 0
    forecaster = 'model="forecaster" version="1"'
    assert found[f"seqserve_cells_total {forecaster}"] == 100
    assert found[f"seqserve_padded_cells_total {forecaster}"] == 120
    assert found[f"seqserve_waiting_rows {forecaster}"] == 0
    assert found['seqserve_ready worker="0"'] == 1


async def test_before_it_is_ready_requests_are_counted_already(tiny_repository: Path) -> None:
    app = create_app(Service(Settings(repository=tiny_repository), abort=no_abort))
    async with client_of(app) as client:
        await client.get("/healthz/live")
        found = samples((await client.get("/metrics")).text)

    assert found['seqserve_ready worker="0"'] == 0
    assert found['seqserve_requests_total route="/healthz/live" status="200"'] == 1


def test_durations_fall_into_buckets_that_add_up() -> None:
    metrics = RequestMetrics()
    for seconds in (0.0004, 0.001, 0.02, 99.0):
        metrics.count("/x", 200, seconds)
    found = samples(render(metrics.samples()))

    reached = {
        name.split("le=")[1].strip('"'): value for name, value in found.items() if "le=" in name
    }
    assert (reached["0.001"], reached["0.01"], reached["0.025"], reached["10.0"]) == (2, 2, 3, 3)
    assert reached["+Inf"] == found['seqserve_request_seconds_count route="/x"'] == 4
    assert found['seqserve_request_seconds_sum route="/x"'] == pytest.approx(99.0214)


async def test_callers_cannot_make_up_labels(client: httpx.AsyncClient) -> None:
    await client.get("/models/%22%7D%0A")
    found = samples((await client.get("/metrics")).text)

    assert any('route="/models/{name}"' in name for name in found)
