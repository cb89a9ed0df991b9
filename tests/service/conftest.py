"""A repository of tiny exports, and the service on it, in this process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.settings import Settings
from tests.doubles import Doubler, Gate
from tests.service.harness import ServeWith, client_of, serving
from tests.service.tiny_networks import (
    SlowBrightness,
    classifier_draft,
    write_tiny_repository,
)
from training.export import write_export


@pytest.fixture(scope="session")
def tiny_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def slow_repository(tmp_path: Path) -> Path:
    """A classifier whose passes take tenths of a second."""
    return Path(write_export(SlowBrightness(), classifier_draft(), tmp_path / "slow")).parents[1]


@pytest.fixture
def serve_with(tiny_repository: Path) -> ServeWith:
    """Serve with settings of one's own: ``async with serve_with(max_batch_rows=3) as client``."""

    @asynccontextmanager
    async def serve(**settings: object) -> AsyncIterator[httpx.AsyncClient]:
        values = {"repository": tiny_repository, "warmup_max_s": 0, **settings}
        async with serving(Settings.model_validate(values)) as app, client_of(app) as client:
            yield client

    return serve


@pytest.fixture(scope="session")
async def app(anyio_backend: str, tiny_repository: Path) -> AsyncIterator[FastAPI]:
    settings = Settings(repository=tiny_repository, warmup_max_s=0.1)
    async with serving(settings) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate(Doubler())
    yield gate
    gate.open()
