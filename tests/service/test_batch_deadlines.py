"""Many deadlines behind one timer."""

import asyncio
from time import perf_counter

import pytest

from service.batch_deadlines import SPARE, Deadlines
from service.batch_request import PendingRequest
from service.errors import DeadlineExceeded
from tests.doubles import Gate, numbers
from tests.service.batching import batching, occupy

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def test_whoever_waits_is_told_in_the_order_of_the_deadlines(gate: Gate) -> None:
    order: list[int] = []

    async def impatient(number: int, seconds: float) -> None:
        with pytest.raises(DeadlineExceeded):
            await batcher.submit(numbers(number), deadline_s=perf_counter() + seconds)
        order.append(number)

    async with batching(gate) as batcher:
        first = await occupy(batcher, gate)
        await asyncio.gather(impatient(1, 0.6), impatient(2, 0.2), impatient(3, 0.4))
        gate.open()
        await first
        assert batcher.stats.expired_requests == 3

    assert order == [2, 3, 1]
    assert gate.model.batch_sizes == [1]


async def test_a_request_is_never_told_before_its_deadline(gate: Gate) -> None:
    async with batching(gate) as batcher:
        deadline_s = perf_counter() + 0.02
        with pytest.raises(DeadlineExceeded):
            await batcher.submit(numbers(1), deadline_s=deadline_s)
        assert perf_counter() >= deadline_s
        gate.open()


async def test_an_answer_in_time_is_an_answer(gate: Gate) -> None:
    gate.open()
    async with batching(gate) as batcher:
        answer = await batcher.submit(numbers(4), deadline_s=perf_counter() + 60)
        assert batcher.stats.expired_requests == 0

    assert answer.outputs["doubled"].tolist() == [8]


async def test_answered_requests_are_not_kept_until_their_deadline() -> None:
    deadlines = Deadlines(lambda _: None)
    for _ in range(10 * SPARE):
        request = PendingRequest(numbers(1), lambda _: None, lambda _: None, 0.0, "left")
        deadlines.add(request, perf_counter() + 3600, waiting=1)
        request.leave()

    assert len(deadlines._heap) <= SPARE + 3
    deadlines.close()
