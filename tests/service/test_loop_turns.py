"""Quick models take turns on the event loop, and leave it room for its sockets."""

import asyncio

import pytest

from service.loop_turns import LoopTurns

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def test_the_first_of_a_turn_works_at_once() -> None:
    done: list[str] = []
    LoopTurns().take(lambda: done.append("now"))

    assert done == ["now"]


async def test_at_most_one_works_in_a_turn_of_the_loop_in_the_order_they_asked() -> None:
    turns, done = LoopTurns(), list[str]()
    for name in "abc":
        turns.take(lambda name=name: done.append(name))  # type: ignore[misc]
    seen = []
    for _ in range(3):
        seen.append("".join(done))
        await asyncio.sleep(0)

    assert seen == ["a", "ab", "abc"]


async def test_who_asks_again_waits_behind_the_others() -> None:
    turns, done = LoopTurns(), list[str]()

    def greedy(name: str) -> None:
        done.append(name)
        if len(done) < 6:
            turns.take(lambda: greedy(name))

    turns.take(lambda: None)
    for name in "ab":
        turns.take(lambda name=name: greedy(name))  # type: ignore[misc]
    for _ in range(10):
        await asyncio.sleep(0)

    assert "".join(done) == "abababa"


async def test_a_failure_does_not_end_the_turns() -> None:
    turns, done = LoopTurns(), list[str]()
    with pytest.raises(ZeroDivisionError):
        turns.take(lambda: done.append(str(1 / 0)))
    turns.take(lambda: done.append("next"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert done == ["next"]
