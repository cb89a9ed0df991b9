"""Bodies are read in slices, so that sockets have their turn in between."""

import asyncio
from functools import partial

import pytest

from service.desk import SLICE_S, Desk

pytestmark = pytest.mark.anyio


class Clock:
    now_s = 5.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("service.desk.perf_counter", clock)
    return clock


class Work:
    """Remembers what was done; each piece takes a while."""

    def __init__(self, clock: Clock, takes_s: float) -> None:
        self.done: list[int] = []
        self._clock = clock
        self._takes_s = takes_s

    def __call__(self, number: int) -> None:
        self._clock.now_s += self._takes_s
        self.done.append(number)


async def test_a_slice_is_done_in_each_turn_in_the_order_of_arrival(clock: Clock) -> None:
    desk, work = Desk(), Work(clock, takes_s=0.6 * SLICE_S)
    for number in range(5):
        desk.add(partial(work, number))
    seen = []
    for _ in range(4):
        await asyncio.sleep(0)
        seen.append(len(work.done))

    assert seen == [2, 4, 5, 5]
    assert work.done == [0, 1, 2, 3, 4]


async def test_what_takes_longer_than_a_slice_is_done_all_the_same(clock: Clock) -> None:
    desk, work = Desk(), Work(clock, takes_s=9 * SLICE_S)
    desk.add(partial(work, 1))
    desk.add(partial(work, 2))
    await asyncio.sleep(0)
    assert work.done == [1]
    desk.add(partial(work, 3))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert work.done == [1, 2, 3]


async def test_work_that_fails_does_not_stop_the_others(clock: Clock) -> None:
    desk, work = Desk(), Work(clock, takes_s=0)
    failed: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed.append(repr(context["exception"])))
    desk.add(lambda: work(1 // 0))
    desk.add(partial(work, 7))
    for _ in range(3):
        await asyncio.sleep(0)

    assert work.done == [7]
    assert failed == ["ZeroDivisionError('integer division or modulo by zero')"]


async def test_work_may_bring_more_work(clock: Clock) -> None:
    desk, work = Desk(), Work(clock, takes_s=0)
    desk.add(lambda: desk.add(partial(work, 1)))
    for _ in range(3):
        await asyncio.sleep(0)

    assert work.done == [1]
