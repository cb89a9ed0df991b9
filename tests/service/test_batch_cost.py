"""What passes cost, learned from measurements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batch_cost import Cost


def learned(*measured: tuple[int, float]) -> Cost:
    cost = Cost()
    for rows, seconds in measured:
        cost.add(rows, seconds)
    return cost


def test_nothing_is_known_before_the_first_pass() -> None:
    assert not Cost().known
    assert Cost().of(7) == 0


def test_start_and_row_are_told_apart_by_passes_of_different_sizes() -> None:
    cost = learned(*[(rows, 0.003 + 0.002 * rows) for rows in (1, 9, 4, 16, 2) * 20])

    assert cost.start_s == pytest.approx(0.003, rel=0.05)
    assert cost.of(8) == pytest.approx(0.019, rel=0.01)
    assert cost.of_many(40, room=16) == pytest.approx(3 * 0.003 + 40 * 0.002, rel=0.02)


def test_passes_of_one_size_predict_themselves() -> None:
    assert learned(*[(5, 0.02)] * 30).of(5) == pytest.approx(0.02)


def test_passes_of_one_size_do_not_make_it_forget_what_a_row_costs() -> None:
    cost = learned((1, 0.004), (16, 0.019), *[(16, 0.019)] * 500)

    assert cost.of(1) == pytest.approx(0.004, rel=0.3)


def test_a_pass_that_the_machine_put_aside_changes_little() -> None:
    steady = [(4, 0.001)] * 50

    assert learned(*steady, (4, 2.0), *steady[:5]).of(4) < 0.0012


def test_a_machine_that_became_slower_is_believed_after_some_passes() -> None:
    cost = learned(*[(4, 0.001)] * 50, *[(4, 0.01)] * 100)

    assert cost.of(4) == pytest.approx(0.01, rel=0.2)


@given(st.lists(st.tuples(st.integers(1, 4096), st.floats(0, 100)), min_size=1, max_size=60))
def test_a_prediction_is_never_negative_and_never_falls_with_rows(
    measured: list[tuple[int, float]],
) -> None:
    cost = learned(*measured)

    assert cost.start_s >= -1e-9
    assert cost.row_s >= 0
    assert cost.of(1) <= cost.of(4096)


def test_a_cautious_prediction_leaves_room_for_what_passes_differ() -> None:
    steady = learned(*[(4, 0.002)] * 100)
    shaky = learned(*[(4, 0.001), (4, 0.003)] * 100)

    assert steady.cautious(4) == pytest.approx(0.002)
    assert shaky.of(4) == pytest.approx(0.002, rel=0.05)
    assert shaky.cautious(4) == pytest.approx(0.003, rel=0.1)
