"""Fixtures of every test: a clean environment and one event loop library."""

import os

import pytest
from hypothesis import settings

# No time limit an example: on a busy machine a slow one says nothing about the code.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=30)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SEQSERVE_")]:
        monkeypatch.delenv(name)
