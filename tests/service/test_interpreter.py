"""While the service runs, a thread that asks for the interpreter gets it soon."""

import sys

import pytest

from service.interpreter import SWITCH_INTERVAL_S, quick_hand_over
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
