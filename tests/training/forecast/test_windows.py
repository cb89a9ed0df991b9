import numpy as np
import pytest

from training.forecast.series import Series
from training.forecast.windows import (
    WEEKLY,
    Augmentation,
    Example,
    WindowBank,
    changed,
    coarser,
    draw_horizon,
    mixed,
)

CONTEXT, HORIZON = 40, 9


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n", [2, 3, 7, 60, 900])
def test_a_window_never_exceeds_what_was_asked_or_what_there_is(n: int) -> None:
    bank = WindowBank([Series("a", np.arange(n, dtype=float), 4)], [1.0])
    source = rng(n)

    for _ in range(200):
        example = bank.draw(source, CONTEXT, HORIZON)
        assert 1 <= len(example.past) <= CONTEXT
        assert len(example.future) <= HORIZON
        assert len(example.future) >= 1


def test_the_future_follows_the_past_in_most_windows() -> None:
    bank = WindowBank([Series("count", np.arange(300.0), 1)], [1.0])
    source = rng()
    steps = [np.diff(np.r_[e.past, e.future]) for e in _draw(bank, source, 300)]

    even = [np.allclose(step, step[0]) for step in steps]

    assert np.mean(even) > 0.85  # the others are bent by a power


def _draw(bank: WindowBank, source: np.random.Generator, n: int) -> list[Example]:
    return [bank.draw(source, CONTEXT, HORIZON) for _ in range(n)]


def test_series_are_drawn_by_their_weights() -> None:
    bank = WindowBank([Series("a", np.full(30, 1.0)), Series("b", np.full(30, 2.0))], [1.0, 4.0])
    source = rng(1)

    shares = np.mean([bank._window(source, CONTEXT, HORIZON).past[0] == 2 for _ in range(600)])

    assert shares == pytest.approx(0.8, abs=0.06)


def test_weeks_become_months_quarters_or_years_of_the_same_level() -> None:
    source = rng(2)
    seasons = set()
    for _ in range(60):
        values, season = coarser(source, np.arange(1040.0), WEEKLY)
        seasons.add(season)
        if season in {12, 4, 1}:
            assert np.all(np.diff(values) > 0)
            assert 1040 / len(values) == pytest.approx(52.18 / season, rel=0.25)

    assert {12, 4, 1} <= seasons


def test_a_coarser_grid_divides_the_season() -> None:
    source = rng(3)
    found = {(len(v), s) for v, s in (coarser(source, np.arange(96.0), 24) for _ in range(200))}

    assert (96, 24) in found
    assert all(length * 24 == season * 96 for length, season in found)


def test_mixing_keeps_the_season_and_the_shorter_length() -> None:
    one = Example(np.full(20, 4.0), np.full(5, 4.0), 4)
    two = Example(np.full(8, 3.0), np.full(3, 6.0), 4)

    both = mixed(rng(), one, two)

    assert (len(both.past), len(both.future), both.season_length) == (8, 3, 4)
    np.testing.assert_allclose(both.past, 1.0)
    assert np.all(both.future > 1.0)
    assert mixed(rng(), one, Example(two.past, two.future, 12)) is one


def test_changes_keep_lengths_and_missing_values_and_leave_most_alone() -> None:
    past = np.array([1.0, np.nan, 3.0, 5.0])
    example = Example(past, np.array([6.0, 7.0]), 1)
    source = rng(4)
    drawn = [changed(source, example) for _ in range(300)]

    assert all(len(e.past) == 4 and len(e.future) == 2 for e in drawn)
    same = [np.array_equal(e.past, past, equal_nan=True) for e in drawn]
    assert 0.5 < np.mean(same) < 0.8


def test_horizons_keep_to_the_longest() -> None:
    source = rng(5)

    assert {draw_horizon(source, 12, 10) for _ in range(50)} == {10}
    assert {draw_horizon(source, 1, 64) for _ in range(300)} == {6, 10, 16, 64}


def test_a_window_without_any_value_passes_through_every_change() -> None:
    source = rng(6)
    nothing = Example(np.full(4, np.nan), np.full(2, np.nan), 1)

    for _ in range(100):
        assert np.isnan(changed(source, nothing).past).all()


def test_without_augmentation_every_window_is_a_piece_of_its_series() -> None:
    bank = WindowBank([Series("squares", np.arange(400.0) ** 2, 12)], [1.0])
    source = rng(5)
    nothing = Augmentation(coarser=0.0, mixed=0.0, changed=0.0)

    for _ in range(60):
        example = bank.draw(source, CONTEXT, HORIZON, nothing)
        steps = np.sqrt(np.r_[example.past, example.future])
        np.testing.assert_allclose(np.diff(steps), 1.0)
        assert example.season_length == 12


def test_weeks_stay_weeks_where_nothing_is_put_on_a_coarser_grid() -> None:
    source = rng(6)

    assert {coarser(source, np.arange(1040.0), WEEKLY, 0.0)[1] for _ in range(30)} == {WEEKLY}
