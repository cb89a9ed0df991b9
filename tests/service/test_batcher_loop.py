"""Where passes run, and that no model keeps another from its own."""

import asyncio
import threading

import pytest

from models.manifest import FORWARD
from service.batcher import LOOP_PASS_S, Batcher
from service.loop_turns import LoopTurns
from service.rows import Arrays
from tests.doubles import Doubler, Gate
from tests.service.batching import answer, batching, occupy, start

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


class Located(Doubler):
    """A doubler that remembers on which threads it ran, and for which of several models."""

    def __init__(self, name: str = "", trace: list[str] | None = None) -> None:
        super().__init__()
        self.name = name
        self.trace = trace if trace is not None else []
        self.threads: list[str] = []

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        self.threads.append(threading.current_thread().name)
        self.trace.append(self.name)
        return super().__call__(inputs, method)


def teach(batcher: Batcher, row_s: float) -> None:
    """Rows take this much processor time each."""
    compute = batcher.lane(FORWARD, 0).compute
    for rows in (1, 2, 4, 8) * 20:
        compute.add(rows, row_s * rows)


async def test_a_quick_pass_runs_on_the_event_loop_and_a_long_one_on_the_thread() -> None:
    model = Located()
    async with batching(model, max_rows=8, turns=LoopTurns()) as batcher:
        teach(batcher, LOOP_PASS_S / 3)

        assert await answer(batcher, 1, 2) == [2, 4]
        assert await answer(batcher, *range(8)) == [2 * row for row in range(8)]
        assert batcher.stats.loop_batches == 1
    assert model.threads == [threading.current_thread().name, "test"]


async def test_what_nobody_measured_runs_on_the_thread() -> None:
    model = Located()
    async with batching(model, turns=LoopTurns()) as batcher:
        await answer(batcher, 1)

    assert model.threads == ["test"]


async def test_without_turns_everything_runs_on_the_thread() -> None:
    model = Located()
    async with batching(model) as batcher:
        teach(batcher, LOOP_PASS_S / 3)
        await answer(batcher, 1)

    assert model.threads == ["test"]


async def test_a_failure_on_the_loop_is_the_culprit_s_alone() -> None:
    class Picky(Located):
        def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
            if 13 in inputs["row"]:
                raise ArithmeticError("13 brings bad luck")
            return super().__call__(inputs, method)

    model = Picky()
    async with batching(model, max_rows=8, turns=LoopTurns()) as batcher:
        teach(batcher, LOOP_PASS_S / 9)
        callers = [start(batcher, row) for row in (1, 13, 3)]
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert batcher.stats.failed_batches == 1

    assert (answers[0], answers[2]) == ([2.0], [6.0])
    assert "13 brings bad luck" in str(answers[1])
    assert set(model.threads) == {threading.current_thread().name}


async def test_a_model_that_waits_for_its_turn_takes_in_who_comes_meanwhile() -> None:
    turns, model = LoopTurns(), Doubler()
    async with batching(model, max_rows=8, turns=turns) as batcher:
        teach(batcher, LOOP_PASS_S / 9)
        early = start(batcher, 1)
        await asyncio.sleep(0)
        for _ in range(3):  # three others ask for a turn first
            turns.take(lambda: None)
        await asyncio.sleep(0)
        late = start(batcher, 2)

        assert list(await asyncio.gather(early, late)) == [[2], [4]]
    assert model.batch_sizes == [2]


async def test_callers_who_leave_while_the_model_waits_for_its_turn_leave_nothing_to_do() -> None:
    turns, model = LoopTurns(), Doubler()
    async with batching(model, turns=turns) as batcher:
        teach(batcher, LOOP_PASS_S / 9)
        caller = start(batcher, 1)
        await asyncio.sleep(0)
        for _ in range(3):
            turns.take(lambda: None)
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)

        assert model.batch_sizes == []
        assert await answer(batcher, 4) == [8]


async def test_quick_models_take_turns_however_much_waits_for_one() -> None:
    turns, trace = LoopTurns(), list[str]()
    busy, other = Located("busy", trace), Located("other", trace)
    async with (
        batching(busy, max_rows=2, turns=turns) as first,
        batching(other, max_rows=2, turns=turns) as second,
    ):
        teach(first, LOOP_PASS_S / 9)
        teach(second, LOOP_PASS_S / 9)
        many = start(first, *range(40))
        few = start(second, *range(6))
        await few

        assert trace[:6] == ["busy", "other"] * 3
        await many
    assert trace.count("busy") == 20


async def test_the_loop_does_other_things_between_two_passes_of_a_long_queue() -> None:
    model = Doubler()
    between: list[int] = []

    def look() -> None:
        between.append(len(model.batch_sizes))
        if len(model.batch_sizes) < 10:
            loop.call_soon(look)

    loop = asyncio.get_running_loop()
    async with batching(model, max_rows=2, turns=LoopTurns()) as batcher:
        teach(batcher, LOOP_PASS_S / 9)
        loop.call_soon(look)
        await answer(batcher, *range(20))

    assert set(range(1, 10)) <= set(between)


async def test_a_slow_model_cannot_starve_a_quick_one(gate: Gate) -> None:
    turns, quick = LoopTurns(), Located()
    async with (
        batching(gate, turns=turns) as slow_batcher,
        batching(quick, turns=turns) as quick_batcher,
    ):
        teach(quick_batcher, LOOP_PASS_S / 9)
        slow = [await occupy(slow_batcher, gate), *(start(slow_batcher, n) for n in range(50))]
        for number in range(20):  # the slow one has a full queue and a pass that does not end
            assert await answer(quick_batcher, number) == [2 * number]
        gate.open()
        await asyncio.gather(*slow)

    assert set(quick.threads) == {threading.current_thread().name}


async def test_a_slow_model_cannot_starve_a_quick_one_on_a_thread_of_its_own(gate: Gate) -> None:
    async with batching(gate) as slow_batcher, batching(Doubler()) as quick_batcher:
        slow = [await occupy(slow_batcher, gate), *(start(slow_batcher, n) for n in range(50))]
        for number in range(20):
            assert await answer(quick_batcher, number) == [2 * number]
        gate.open()
        await asyncio.gather(*slow)
