"""Fixtures of every test: a clean environment, one event loop library, a fixed seed."""

import os

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SEQSERVE_")]:
        monkeypatch.delenv(name)
