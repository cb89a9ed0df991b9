import asyncio

import pytest

from service.batch_gathering import MOST_TURNS, Gathering
from tests.doubles import Doubler
from tests.service.batching import batching, start

ROOM = 64


def turns_of(waiting: list[int]) -> int:
    """How many turns pass before the batch starts, with so many rows there at each look."""
    gathering = Gathering()
    return next(at for at, rows in enumerate(waiting) if not gathering.goes_on(rows, ROOM))


@pytest.mark.parametrize(
    ("waiting", "turns"),
    [
        pytest.param([1], 0, id="a lone row starts at once"),
        pytest.param([2, 2], 1, id="a turn that brings nothing ends it"),
        pytest.param([2, 5, 5], 2, id="another look while rows come"),
        pytest.param([2, 1], 1, id="rows whose callers left are not waited for"),
        pytest.param([ROOM], 0, id="a full pass starts at once"),
        pytest.param([9, ROOM + 3], 1, id="a pass that became full starts"),
        pytest.param([*range(2, 40)], MOST_TURNS, id="not for ever"),
    ],
)
def test_a_batch_grows_as_long_as_rows_come(waiting: list[int], turns: int) -> None:
    assert turns_of(waiting) == turns


def test_the_next_batch_may_grow_again() -> None:
    gathering = Gathering()
    for _ in range(2):
        assert gathering.goes_on(2, ROOM)
        assert not gathering.goes_on(2, ROOM)


@pytest.mark.anyio
async def test_rows_of_the_next_turns_ride_along() -> None:
    model = Doubler()
    async with batching(model, max_rows=8) as batcher:
        asked = [start(batcher, 0, 1)]
        for value in (2, 3, 4):
            await asyncio.sleep(0)
            asked.append(start(batcher, value))

        assert await asyncio.gather(*asked) == [[0, 2], [4], [6], [8]]
    assert model.batch_sizes[0] > 2
