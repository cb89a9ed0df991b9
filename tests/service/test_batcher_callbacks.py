"""The batcher's door for callers without a task."""

import asyncio
from typing import Any

import pytest

from service.batch import Answer
from service.batcher import Batcher
from service.errors import PredictError, ServiceError, ServiceStopping
from tests.doubles import Doubler, Gate, PickyDoubler, numbers
from tests.service.batching import answer, batching, occupy

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def told(batcher: Batcher, *values: float) -> Answer | ServiceError:
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    batcher.submit_nowait(numbers(*values), found.set_result)
    outcome: Answer | ServiceError = await found
    return outcome


async def test_the_answer_comes_to_the_callback_later() -> None:
    outcomes: list[Answer | ServiceError] = []
    async with batching(Doubler()) as batcher:
        batcher.submit_nowait(numbers(3, 4), outcomes.append)
        assert outcomes == []

    (outcome,) = outcomes
    assert isinstance(outcome, Answer)
    assert outcome.outputs["doubled"].tolist() == [6, 8]


async def test_an_error_comes_to_the_callback_too() -> None:
    async with batching(PickyDoubler()) as batcher:
        assert isinstance(await told(batcher, 13), PredictError)


async def test_who_leaves_hears_nothing_and_is_not_computed(gate: Gate) -> None:
    outcomes: list[Answer | ServiceError] = []
    async with batching(gate) as batcher:
        first = await occupy(batcher, gate)
        request = batcher.submit_nowait(numbers(3, 4), outcomes.append)
        request.leave()
        request.leave()
        assert batcher.waiting_rows == 0
        gate.open()
        await first

    assert outcomes == []
    assert gate.model.batch_sizes == [1]


async def test_a_callback_that_fails_harms_no_neighbour() -> None:
    mistakes: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context))

    def clumsy(_: object) -> None:
        raise LookupError("a mistake of the caller")

    async with batching(Doubler()) as batcher:
        batcher.submit_nowait(numbers(1), clumsy)
        assert await answer(batcher, 2) == [4]
        assert await answer(batcher, 3) == [6]
    asyncio.get_running_loop().set_exception_handler(None)

    assert isinstance(mistakes[0]["exception"], LookupError)


async def test_closing_tells_callbacks(gate: Gate) -> None:
    outcomes: list[Answer | ServiceError] = []
    async with batching(gate) as batcher:
        first = await occupy(batcher, gate)
        batcher.submit_nowait(numbers(3), outcomes.append)
        await batcher.close(patience_s=0)
        with pytest.raises(ServiceStopping):
            batcher.submit_nowait(numbers(4), outcomes.append)
        gate.open()
        await asyncio.gather(first, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ServiceStopping]
