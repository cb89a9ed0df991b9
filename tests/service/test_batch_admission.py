"""Who is refused at once, and when it is told to come again."""

import asyncio
from time import perf_counter

import pytest

from service.batcher import Batcher
from service.errors import DeadlineExceeded, ServiceOverloaded
from tests.doubles import Doubler, Gate, numbers
from tests.service.batching import answer, batching, occupy, start

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


def teach(batcher: Batcher, *, start_s: float = 0.0, row_s: float = 0.0) -> None:
    """As a warm-up does: what passes take."""
    cycle = batcher.lane("forward", 0).cycle
    for rows in (1, 2, 4, 8) * 80:
        cycle.add(rows, start_s + row_s * rows)


async def within(batcher: Batcher, seconds: float, *values: float) -> list[float]:
    deadline_s = perf_counter() + seconds
    outputs = (await batcher.submit(numbers(*values), deadline_s=deadline_s)).outputs
    return [float(value) for value in outputs["doubled"]]


async def test_an_answer_predicted_after_the_deadline_is_refused_at_once(gate: Gate) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=5.0)  # the pass at the gate takes 5 s, each row that waits 5 s more
        first = await occupy(batcher, gate)
        waiting = start(batcher, 1, 2)
        await asyncio.sleep(0)
        with pytest.raises(ServiceOverloaded, match="ms later") as refusal:
            await within(batcher, 10.0, 3)
        accepted = asyncio.create_task(within(batcher, 30.0, 4))
        await asyncio.sleep(0)
        gate.open()

        assert list(await asyncio.gather(first, waiting, accepted)) == [[0], [2, 4], [8]]
    # 20 s of work must shrink to 10 s of patience less the margin: 10 / 1.3
    assert 12 <= refusal.value.retry_after_s <= 13
    assert batcher.stats.refused_requests == 1


async def test_the_start_of_every_pass_counts(gate: Gate) -> None:
    async with batching(gate, max_rows=2) as batcher:
        teach(batcher, start_s=5.0)
        first = await occupy(batcher, gate)
        waiting = start(batcher, 1, 2)
        await asyncio.sleep(0)
        with pytest.raises(ServiceOverloaded):
            await within(batcher, 13.0, 3)  # the third pass from now
        fits = asyncio.create_task(within(batcher, 21.0, 3))
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(first, waiting, fits)


async def test_of_a_giant_only_the_first_pass_is_ahead_of_a_small_request(gate: Gate) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=1.0)
        first = await occupy(batcher, gate)
        giant = start(batcher, *range(40))
        await asyncio.sleep(0)
        small = asyncio.create_task(within(batcher, 8.0, 7))  # 1 s, 4 of the giant, its own
        with pytest.raises(ServiceOverloaded):
            await within(batcher, 30.0, *range(20))  # which waits for all of the giant
        await asyncio.sleep(0)
        gate.open()

        assert await small == [14]
        await asyncio.gather(first, giant)


async def test_an_idle_model_takes_even_what_is_predicted_to_be_late() -> None:
    async with batching(Doubler()) as batcher:
        teach(batcher, row_s=100.0)  # wrong: only a measurement can say so

        assert await within(batcher, 10.0, 3) == [6]
        assert await within(batcher, 10.0, 4) == [8]


async def test_a_deadline_in_the_past_is_told_at_once_and_nothing_is_computed() -> None:
    model = Doubler()
    async with batching(model) as batcher:
        with pytest.raises(DeadlineExceeded):
            await within(batcher, -0.001, 3)

    assert model.batch_sizes == []


async def test_a_pass_that_overruns_is_expected_to_take_as_long_again(gate: Gate) -> None:
    async with batching(gate) as batcher:
        teach(batcher, row_s=0.0001)
        first = await occupy(batcher, gate)
        overrun_until_s = perf_counter() + 0.05
        await asyncio.to_thread(lambda: gate.opened.wait(0.05))
        assert perf_counter() >= overrun_until_s
        with pytest.raises(ServiceOverloaded):
            await within(batcher, 0.02, 3)
        gate.open()
        await first


async def test_those_who_are_refused_are_told_different_times(gate: Gate) -> None:
    async with batching(gate, max_rows=4, max_queued_rows=4) as batcher:
        teach(batcher, row_s=1.0)
        first = await occupy(batcher, gate)
        waiting = start(batcher, 1, 2, 3, 4)
        await asyncio.sleep(0)
        told = []
        for _ in range(4):
            with pytest.raises(ServiceOverloaded, match="at most 4 may") as refusal:
                await answer(batcher, 5, 6, 7)
            told.append(refusal.value.retry_after_s)
        gate.open()
        await asyncio.gather(first, waiting)

    # 1 s runs and 4 s wait, three quarters of which must go; each of the refused books 3 s more
    assert told == [4, 6, 9, 12]


async def test_the_advice_to_come_again_has_an_end(gate: Gate) -> None:
    async with batching(gate, max_queued_rows=4) as batcher:
        teach(batcher, row_s=1000.0)
        first = await occupy(batcher, gate)
        waiting = start(batcher, 1, 2)
        await asyncio.sleep(0)
        with pytest.raises(ServiceOverloaded) as refusal:
            await answer(batcher, 5, 6, 7)
        gate.open()
        await asyncio.gather(first, waiting)

    assert refusal.value.retry_after_s == 30


async def test_rows_of_callers_who_left_delay_nobody(gate: Gate) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=1.0)
        first = await occupy(batcher, gate)
        leaver = start(batcher, *range(9))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.sleep(0)
        quick = asyncio.create_task(within(batcher, 3.0, 1))
        await asyncio.sleep(0)
        gate.open()

        assert list(await asyncio.gather(first, quick)) == [[0], [2]]


async def test_what_became_too_late_meanwhile_is_told_so_and_not_computed(gate: Gate) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=0.001)
        first = await occupy(batcher, gate)
        late = asyncio.create_task(within(batcher, 10.0, 1))
        patient = start(batcher, 2)
        await asyncio.sleep(0)
        teach(batcher, row_s=100.0)  # the machine became slow
        gate.open()
        answers = await asyncio.gather(first, late, patient, return_exceptions=True)

        assert (answers[0], answers[2]) == ([0], [4])
        assert isinstance(answers[1], DeadlineExceeded)
        assert batcher.stats.expired_requests == 1
        assert batcher.waiting_rows == 0
    assert gate.model.batch_sizes == [1, 1]


async def test_if_all_are_too_late_the_youngest_is_computed_as_predictions_may_be_wrong(
    gate: Gate,
) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=0.001)
        first = await occupy(batcher, gate)
        older = asyncio.create_task(within(batcher, 10.0, 1))
        younger = asyncio.create_task(within(batcher, 10.0, 2))
        await asyncio.sleep(0)
        teach(batcher, row_s=100.0)
        gate.open()
        answers = await asyncio.gather(first, older, younger, return_exceptions=True)

    assert (answers[0], answers[2]) == ([0], [4])
    assert isinstance(answers[1], DeadlineExceeded)
    assert gate.model.batch_sizes == [1, 1]


async def test_when_a_full_pass_is_too_late_for_all_the_youngest_go_in_a_smaller_one(
    gate: Gate,
) -> None:
    async with batching(gate, max_rows=4) as batcher:
        teach(batcher, row_s=0.001)
        first = await occupy(batcher, gate)
        others = [asyncio.create_task(within(batcher, 60.0, number)) for number in (1, 2, 3, 4)]
        await asyncio.sleep(0)
        teach(batcher, row_s=20.0)  # four rows take 80 s now, two 40 s
        gate.open()
        answers = await asyncio.gather(first, *others, return_exceptions=True)

    assert (answers[3], answers[4]) == ([6], [8])
    assert [type(answer) for answer in answers[1:3]] == [DeadlineExceeded] * 2
    assert gate.model.batch_sizes == [1, 2]
