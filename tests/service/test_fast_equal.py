"""The fast path and the full path answer alike, whatever is sent."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.settings import Settings
from tests.service.direct import Answered, ask
from tests.service.generated_bodies import PATHS, broken_body, valid_body
from tests.service.harness import serving
from tests.service.readers import READERS, read_by

pytestmark = [pytest.mark.anyio]
Pair = tuple[FastAPI, ...]

bounded = settings(
    max_examples=150,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
randoms = st.integers(0, 2**32).map(Random)


@pytest.fixture(scope="module", params=READERS)
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    with read_by(request.param):
        yield


@pytest.fixture(scope="module")
async def both(anyio_backend: str, tiny_repository: Path, reader: None) -> AsyncIterator[Pair]:
    """The same service with and without the fast path, and as if every body were a large one."""
    quiet = Settings(repository=tiny_repository, warmup_max_s=0, access_log=False)
    large = quiet.model_copy(update={"off_loop_bytes": 0})
    async with (
        serving(quiet) as fast,
        serving(quiet, fast_path=False) as full,
        serving(large) as piecewise,
    ):
        yield fast, full, piecewise


async def answers(both: Pair, path: str, body: bytes) -> tuple[Answered, Answered]:
    fast, full, piecewise = [await ask(app, path, body) for app in both]
    assert (fast.status, fast.comparable()) == (piecewise.status, piecewise.comparable())
    return fast, full


def fast_answers(app: FastAPI) -> int:
    paths = app.state.service.request_metrics.paths
    return sum(count for (_, path), count in paths.items() if path == "fast")


@bounded
@given(random=randoms, path=st.sampled_from(PATHS))
async def test_valid_requests_get_equal_answers(both: Pair, random: Random, path: str) -> None:
    fast, full = await answers(both, path, valid_body(random, path))

    assert (fast.status, full.status) == (200, 200)
    assert fast.body == full.body


@bounded
@given(random=randoms, path=st.sampled_from(PATHS))
async def test_broken_requests_get_equal_answers(both: Pair, random: Random, path: str) -> None:
    fast, full = await answers(both, path, broken_body(random, path))

    assert fast.status == full.status
    assert fast.comparable() == full.comparable()


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_ten_thousand_valid_requests_get_equal_answers(both: Pair) -> None:
    random = Random(1)  # noqa: S311 - no secret
    before = fast_answers(both[0])
    for at in range(10_000):
        path = PATHS[at % len(PATHS)]
        body = valid_body(random, path)
        fast, full = await answers(both, path, body)
        assert (fast.status, full.status) == (200, 200), body
        assert fast.body == full.body, body

    assert fast_answers(both[0]) - before > 7_500  # not equal because both took the full path


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_ten_thousand_broken_requests_get_equal_answers(both: Pair) -> None:
    random = Random(2)  # noqa: S311 - no secret
    refused = sent = 0
    while refused < 10_000:
        path = PATHS[sent % len(PATHS)]
        body = broken_body(random, path)
        fast, full = await answers(both, path, body)
        assert fast.status == full.status, body
        assert fast.comparable() == full.comparable(), body
        refused += full.status != 200
        sent += 1

    assert sent < 15_000
