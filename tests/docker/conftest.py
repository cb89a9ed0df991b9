"""One engine, one image for all tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.debian_base import import_base, import_builder
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
    base, builder = _built_on(engine, ROOT / "build/images")
    made_of = ("--build-arg", f"BASE={base}", "--build-arg", f"BUILDER={builder}")
    engine.docker("build", "--tag", IMAGE, *made_of, ROOT)
    return IMAGE


def _built_on(engine: Engine, cache: Path) -> tuple[str, str]:
    """What the image is built on, and where: there is a compiler, unless a base was named alone."""
    if base := os.environ.get("SEQSERVE_TEST_BASE"):
        return base, os.environ.get("SEQSERVE_TEST_BUILDER", base)
    return import_base(engine, cache), import_builder(engine, cache)
