"""While the service runs, a thread that asks for the interpreter gets it soon."""

import gc
import sys

import pytest

from service.interpreter import (
    OBJECTS_BETWEEN_COLLECTIONS,
    SWITCH_INTERVAL_S,
    quick_hand_over,
    rare_collections,
)
from tests.service.harness import ServeWith

pytestmark = pytest.mark.anyio


def test_the_interval_is_as_before_afterwards() -> None:
    before_s = sys.getswitchinterval()
    with quick_hand_over():
        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)

    assert sys.getswitchinterval() == before_s


async def test_a_running_service_hands_over_quickly(serve_with: ServeWith) -> None:
    async with serve_with():
        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)


def test_the_collector_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == (OBJECTS_BETWEEN_COLLECTIONS, *before[1:])

    assert gc.get_threshold() == before


async def test_a_running_service_collects_rarely(serve_with: ServeWith) -> None:
    async with serve_with():
        assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
