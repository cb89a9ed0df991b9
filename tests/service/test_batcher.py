"""The batcher, by its public ``submit`` and ``close`` alone, with gates instead of sleeps."""

import asyncio
from time import perf_counter
from typing import Literal

import numpy as np
import pytest

from service.errors import (
    BatchContractBroken,
    DeadlineExceeded,
    PredictError,
    ServiceOverloaded,
    ServiceStopping,
)
from service.rows import Arrays, Padding, Rows
from tests.doubles import Doubler, Gate, LengthSummer, PickyDoubler, numbers, series
from tests.service.batching import answer, batching, occupy, start

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def test_every_caller_gets_the_answer_to_its_own_rows() -> None:
    model = Doubler()
    async with batching(model) as batcher:
        answers = await asyncio.gather(*(answer(batcher, row, row + 0.5) for row in range(7)))

    assert answers == [[2 * row, 2 * row + 1] for row in range(7)]


async def test_an_idle_model_runs_a_lone_row_at_once_and_alone() -> None:
    model = Doubler()
    async with batching(model) as batcher:
        assert await answer(batcher, 21) == [42]

    assert model.batch_sizes == [1]


async def test_requests_of_one_moment_share_a_pass() -> None:
    model = Doubler()
    async with batching(model, max_rows=8) as batcher:
        await asyncio.gather(*(answer(batcher, row) for row in range(5)))

    assert model.batch_sizes == [5]


async def test_a_busy_model_lets_the_batch_grow(gate: Gate) -> None:
    async with batching(gate, max_rows=16) as batcher:
        first = await occupy(batcher, gate)
        others = [start(batcher, row) for row in range(1, 10)]
        await asyncio.sleep(0)
        gate.open()

        assert await first == [0]
        assert await asyncio.gather(*others) == [[2 * row] for row in range(1, 10)]
    assert gate.model.batch_sizes == [1, 9]


async def test_limits_count_rows_and_large_requests_are_split_and_joined() -> None:
    model = Doubler()
    async with batching(model, max_rows=4) as batcher:
        assert await answer(batcher, *range(11)) == [2 * row for row in range(11)]

    assert model.batch_sizes == [4, 4, 3]


async def test_a_giant_request_lets_small_ones_pass_after_one_batch(gate: Gate) -> None:
    finished: list[str] = []
    async with batching(gate, max_rows=4) as batcher:
        first = await occupy(batcher, gate)
        giant = start(batcher, *range(40))
        await asyncio.sleep(0)
        small = start(batcher, 99)
        giant.add_done_callback(lambda _: finished.append("giant"))
        small.add_done_callback(lambda _: finished.append("small"))
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(first, giant, small)

        assert await giant == [2 * row for row in range(40)]
    assert finished == ["small", "giant"]
    assert gate.model.batch_sizes == [1, *[4] * 10, 1]


async def test_limits_count_padded_cells() -> None:
    model = LengthSummer()
    async with batching(
        model, max_rows=64, max_cells=200, padding=Padding("values", np.nan)
    ) as batcher:
        outputs = (await batcher.submit(series(*[30] * 7))).outputs

    assert outputs["total"].tolist() == [30.0] * 7
    assert model.shapes == [(3, 30), (3, 30), (1, 30)]


async def test_a_row_longer_than_the_limit_of_cells_runs_alone() -> None:
    model = LengthSummer()
    async with batching(model, max_cells=8, padding=Padding("values", np.nan)) as batcher:
        outputs = (await batcher.submit(series(50, 60))).outputs

    assert outputs["total"].tolist() == [50.0, 60.0]
    assert model.shapes == [(1, 60), (1, 60)]


async def test_only_rows_of_one_length_bucket_share_a_pass_and_answers_keep_their_order() -> None:
    model = LengthSummer()
    async with batching(model, max_rows=8, padding=Padding("values", np.nan)) as batcher:
        outputs = (await batcher.submit(series(130, 3, 65, 250, 64, 128))).outputs

    assert outputs["total"].tolist() == [130.0, 3.0, 65.0, 250.0, 64.0, 128.0]
    assert sorted(model.shapes) == [(2, 64), (2, 128), (2, 250)]


async def test_requests_of_different_widths_are_padded_to_the_longest_of_the_batch() -> None:
    model = LengthSummer()
    async with batching(model, max_rows=8, padding=Padding("values", np.nan)) as batcher:
        answers = await asyncio.gather(
            *(batcher.submit(series(*lengths)) for lengths in ((20,), (31, 18), (25, 300)))
        )

    assert [a.outputs["total"].tolist() for a in answers] == [[20.0], [31.0, 18.0], [25.0, 300.0]]
    assert model.shapes == [(4, 31), (1, 300)]


async def test_the_share_of_padding_is_measured() -> None:
    async with batching(LengthSummer(), padding=Padding("values", np.nan)) as batcher:
        await batcher.submit(series(20, 30))

        assert batcher.stats.padding_share == pytest.approx(10 / 60)
        assert (batcher.stats.batches, batcher.stats.rows) == (1, 2)


async def test_an_answer_that_is_not_finite_fails_alone(gate: Gate) -> None:
    async with batching(gate) as batcher:
        first = await occupy(batcher, gate)
        asked = [start(batcher, *values) for values in ((1.0,), (float("inf"), 2.0), (3.0,))]
        await asyncio.sleep(0)
        gate.open()

        answers = await asyncio.gather(first, *asked, return_exceptions=True)
    assert [answers[0], answers[1], answers[3]] == [[0], [2], [6]]
    assert isinstance(answers[2], PredictError)
    assert "doubled that is not finite" in str(answers[2])
    assert gate.model.batch_sizes == [1, 4]


async def test_only_the_culprit_of_a_failed_batch_gets_the_error(gate: Gate) -> None:
    gate.model = PickyDoubler()
    async with batching(gate, max_rows=16) as batcher:
        first = await occupy(batcher, gate)
        callers = [start(batcher, row, row + 100) for row in (1, 2, 13, 4, 5)]
        await asyncio.sleep(0)
        gate.open()
        answers = await asyncio.gather(first, *callers, return_exceptions=True)

    assert isinstance(answers[3], PredictError)
    assert isinstance(answers[3].__cause__, ArithmeticError)
    assert [answers[at] for at in (1, 2, 4, 5)] == [
        [2 * row, 2 * row + 200] for row in (1, 2, 4, 5)
    ]


async def test_a_failed_request_does_not_stop_the_next() -> None:
    async with batching(PickyDoubler()) as batcher:
        with pytest.raises(PredictError):
            await answer(batcher, 13)

        assert await answer(batcher, 14) == [28]


async def test_a_model_that_answers_too_few_rows_is_found_out() -> None:
    def forgetful(inputs: Arrays, _: str) -> Arrays:
        return {"doubled": inputs["row"][:-1]}

    async with batching(forgetful) as batcher:
        with pytest.raises(BatchContractBroken, match="3 rows in, 2 rows of 'doubled' out"):
            await answer(batcher, 1, 2, 3)


async def test_rows_of_a_caller_who_left_are_never_computed(gate: Gate) -> None:
    async with batching(gate, max_rows=8) as batcher:
        first = await occupy(batcher, gate)
        leaver, stayer = start(batcher, 5, 6, 7), start(batcher, 8)
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.sleep(0)
        gate.open()

        assert list(await asyncio.gather(first, stayer)) == [[0], [16]]
        assert batcher.stats.dropped_rows == 3
    assert gate.model.batch_sizes == [1, 1]


async def test_a_caller_who_leaves_during_compute_does_not_harm_its_batch(gate: Gate) -> None:
    async with batching(gate, max_rows=8) as batcher:
        callers = [start(batcher, row) for row in (1, 2, 3)]
        await asyncio.sleep(0)
        await asyncio.to_thread(gate.entered.wait, 10)
        callers[0].cancel()
        await asyncio.sleep(0)
        gate.open()

        assert await asyncio.gather(*callers[1:]) == [[4], [6]]


async def test_a_full_queue_refuses_at_once(gate: Gate) -> None:
    async with batching(gate, max_queued_rows=5) as batcher:
        first = await occupy(batcher, gate)
        waiting = start(batcher, 1, 2, 3)
        await asyncio.sleep(0)
        with pytest.raises(ServiceOverloaded) as refusal:
            await answer(batcher, 4, 5, 6)
        fits = start(batcher, 7, 8)
        await asyncio.sleep(0)
        gate.open()

        assert refusal.value.retry_after_s >= 1
        assert list(await asyncio.gather(first, waiting, fits)) == [[0], [2, 4, 6], [14, 16]]


async def test_callers_who_left_make_room_in_the_queue(gate: Gate) -> None:
    async with batching(gate, max_queued_rows=5) as batcher:
        first = await occupy(batcher, gate)
        leaver = start(batcher, 1, 2, 3, 4, 5)
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.sleep(0)
        newcomer = start(batcher, 6, 7, 8, 9)
        await asyncio.sleep(0)
        gate.open()

        assert list(await asyncio.gather(first, newcomer)) == [[0], [12, 14, 16, 18]]
        assert batcher.waiting_rows == 0


async def test_a_request_larger_than_the_queue_is_let_into_an_empty_one() -> None:
    async with batching(Doubler(), max_queued_rows=3) as batcher:
        assert await answer(batcher, *range(10)) == [2 * row for row in range(10)]
        assert batcher.waiting_rows == 0


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(gate: Gate) -> None:
    async with batching(gate) as batcher:
        accepted = [await occupy(batcher, gate), start(batcher, 1)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close(patience_s=10))
        await asyncio.sleep(0)
        with pytest.raises(ServiceStopping):
            await answer(batcher, 2)
        gate.open()
        await closing

        assert await asyncio.gather(*accepted) == [[0], [2]]


async def test_closing_answers_everyone_even_if_the_model_hangs(gate: Gate) -> None:
    async with batching(gate) as batcher:
        accepted = [await occupy(batcher, gate), *(start(batcher, row) for row in range(9))]
        await asyncio.sleep(0)
        await batcher.close(patience_s=0)
        answers = await asyncio.gather(*accepted, return_exceptions=True)
        gate.open()

    assert [type(each) for each in answers] == [ServiceStopping] * 10


async def test_an_answer_says_how_it_came_about(gate: Gate) -> None:
    async with batching(gate, max_rows=8) as batcher:
        first = await occupy(batcher, gate)
        second = asyncio.create_task(batcher.submit(numbers(1, 2)))
        third = asyncio.create_task(batcher.submit(numbers(3)))
        await asyncio.sleep(0)
        gate.open()
        await first
        answers = await asyncio.gather(second, third)

    assert [each.batch_rows for each in answers] == [3, 3]
    assert all(each.queue_s > 0 and each.predict_s > 0 for each in answers)


async def test_a_request_without_rows_is_a_mistake_of_the_caller() -> None:
    async with batching(Doubler()) as batcher:
        with pytest.raises(ValueError, match="at least one row"):
            await batcher.submit(Rows({"row": np.empty(0)}))


async def test_rows_for_different_methods_never_share_a_pass(gate: Gate) -> None:
    async with batching(gate, max_rows=8) as batcher:
        first = await occupy(batcher, gate)
        methods = ["score", "forward", "score"]
        others = [
            asyncio.create_task(batcher.submit(Rows({"row": np.array([at])}, method=method)))
            for at, method in enumerate(methods)
        ]
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(first, *others)

    assert gate.model.methods == ["forward", "score", "forward"]
    assert gate.model.batch_sizes == [1, 2, 1]


@pytest.mark.parametrize("side", ["left", "right"])
async def test_outputs_as_wide_as_their_pass_lie_on_the_side_of_their_input(
    side: Literal["left", "right"],
) -> None:
    def negative(inputs: Arrays, _: str) -> Arrays:
        return {"negative": -inputs["values"]}

    lengths = (3, 70, 2)
    values = np.zeros((3, 70))
    for row, length in enumerate(lengths):
        values[row, slice(70 - length, None) if side == "left" else slice(length)] = row + 1
    async with batching(negative, padding=Padding("values", 0, side=side)) as batcher:
        outputs = (await batcher.submit(Rows({"values": values}, np.array(lengths)))).outputs

    assert outputs["negative"].tolist() == (-values).tolist()


async def test_a_deadline_that_passes_while_the_request_waits_answers_at_once(gate: Gate) -> None:
    async with batching(gate, max_rows=8) as batcher:
        first = await occupy(batcher, gate)
        with pytest.raises(DeadlineExceeded):
            await batcher.submit(numbers(5, 6), deadline_s=perf_counter() + 0.01)
        assert batcher.waiting_rows == 0
        gate.open()
        assert await first == [0]
    assert gate.model.batch_sizes == [1]


async def test_a_deadline_that_passes_during_compute_answers_at_once(gate: Gate) -> None:
    async with batching(gate) as batcher:
        with pytest.raises(DeadlineExceeded):
            await batcher.submit(numbers(5), deadline_s=perf_counter() + 0.01)
        gate.open()

    assert gate.model.batch_sizes == [1]
