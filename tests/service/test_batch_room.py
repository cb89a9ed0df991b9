"""A pass holds as many rows as make a row cheaper, or as run on the event loop."""

from itertools import product

import pytest

from service.batch_cost import Cost
from service.batch_room import room_of

PASS_S = 0.002


def cost(start_us: float, row_us: float) -> Cost:
    """What was learned from passes that cost exactly this."""
    learned = Cost()
    for _, rows in product(range(3), (1, 2, 4, 8, 16, 32, 64, 128)):
        learned.add(rows, (start_us + row_us * rows) / 1e6)
    return learned


@pytest.mark.parametrize(
    ("start_us", "row_us", "room"),
    [
        (5, 20, 64),  # 99 rows would fit
        (5, 50, 32),
        (0, 15.5, 128),
        (5, 1, 128),  # many more would fit than are allowed
        (5, 3000, 1),  # not even one fits
        (200, 20, 128),  # a start that is worth sharing
        (900, 130, 128),
    ],
)
def test_passes_whose_start_is_cheap_are_cut_to_what_runs_on_the_loop(
    start_us: float, row_us: float, room: int
) -> None:
    assert room_of(cost(start_us, row_us), 128, PASS_S) == room


def test_passes_of_which_nothing_is_known_are_as_long_as_allowed() -> None:
    assert room_of(Cost(), 128, PASS_S) == 128
