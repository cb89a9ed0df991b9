"""Live at once; ready when every model is loaded, checked and warm, and as long as it works."""

import threading
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service import lifecycle
from service.app import create_app
from service.lifecycle import Service
from service.loading import load_models
from service.settings import Settings
from tests.service.harness import client_of, no_abort

pytestmark = pytest.mark.anyio


async def test_a_service_that_serves_is_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz/live")).json() == {"status": "live"}
    ready = (await client.get("/healthz/ready")).json()

    assert ready["status"] == "ready"
    assert ready["models"] == {
        "digits": "1",
        "forecaster": "1",
        "next-word": "1",
        "transducer": "1",
    }
    assert ready["threads"]["inter_op"] == 1
    assert ready["threads"]["intra_op"] <= ready["threads"]["processors"]


async def test_while_loading_it_is_live_but_not_ready(
    tiny_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def load_slowly(*arguments: object) -> object:
        go_on.wait(timeout=30)
        return load_models(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "load_models", load_slowly)
    service = Service(Settings(repository=tiny_repository), abort=no_abort)
    app = create_app(service)
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get("/healthz/live")).status_code == 200
        for response in (
            await client.get("/healthz/ready"),
            await client.get("/models"),
            await client.post("/forecast", json={"series": [1]}),
        ):
            assert response.status_code == 503
            assert response.json()["type"] == "urn:seqserve:problem:not-ready"
            assert response.headers["retry-after"] == "1"
        go_on.set()
        await service.ready()

        assert (await client.get("/healthz/ready")).status_code == 200


async def test_a_dead_model_thread_ends_readiness(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = app.state.service.registry.models["digits"].thread
    monkeypatch.setattr(type(thread), "alive", property(lambda each: each is not thread))
    response = await client.get("/healthz/ready")

    assert response.status_code == 503
    assert "'digits'" in response.json()["detail"]
