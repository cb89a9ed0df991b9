"""One engine, one image for all tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.debian_base import import_base
from tests.docker.engine import Engine, an_engine

ROOT = Path(__file__).parents[2]
IMAGE = "seqserve-test"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with an_engine() as one:
        yield one


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    if not any(ROOT.glob("wheelhouse/*.whl")):
        pytest.fail("no wheels to build from: run `make image-test`, or `make wheelhouse` first")
    base = os.environ.get("SEQSERVE_TEST_BASE") or import_base(engine, ROOT / "build/images")
    engine.docker("build", "--tag", IMAGE, "--build-arg", f"BASE={base}", ROOT)
    return IMAGE
