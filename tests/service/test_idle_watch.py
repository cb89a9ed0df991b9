import asyncio

import pytest

from service.idle_watch import IdleWatch

pytestmark = pytest.mark.anyio

LIMIT_S = 0.02


async def test_silence_is_noticed_once() -> None:
    expired = asyncio.Event()
    calls: list[None] = []

    def note() -> None:
        calls.append(None)
        expired.set()

    IdleWatch(LIMIT_S, note, busy=lambda: False)
    async with asyncio.timeout(20):
        await expired.wait()
    await asyncio.sleep(3 * LIMIT_S)

    assert len(calls) == 1


async def test_what_is_heard_or_being_done_puts_it_off() -> None:
    expired = asyncio.Event()
    turns = iter([True, True, True, False])
    looked: list[bool] = []

    def busy() -> bool:
        looked.append(next(turns, False))
        return looked[-1]

    IdleWatch(LIMIT_S, expired.set, busy=busy)
    async with asyncio.timeout(20):
        await expired.wait()

    assert looked == [True, True, True, False]


async def test_a_stopped_watch_says_nothing() -> None:
    expired = asyncio.Event()
    IdleWatch(LIMIT_S, expired.set, busy=lambda: False).stop()
    await asyncio.sleep(3 * LIMIT_S)

    assert not expired.is_set()
