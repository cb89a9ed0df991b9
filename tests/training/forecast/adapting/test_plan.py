import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import DataError
from training.forecast.adapting.plan import plan_backtest
from training.forecast.config import ForecastTraining
from training.forecast.series import Series


def counted(*lengths: int, season_length: int = 12) -> list[Series]:
    """Series whose values say where they are: series 2, step 7 is 2007."""
    return [
        Series(f"s{i}", 1000.0 * i + np.arange(float(n)), season_length)
        for i, n in enumerate(lengths, start=1)
    ]


def settings(**changes: object) -> ForecastTraining:
    return ForecastTraining(**changes)  # type: ignore[arg-type]


@given(st.lists(st.integers(20, 300), min_size=8, max_size=12))
def test_nothing_measured_is_learned_from_or_chooses_the_step(lengths: list[int]) -> None:
    plan = plan_backtest(counted(*lengths), settings(), 64)

    for whole, known, learned in zip(plan.whole, plan.known, plan.learned, strict=True):
        measured = [item.case.future for item in plan.items if item.series == whole.name]
        chosen = [case.future for case in plan.inner if case.name == whole.name]
        joined = np.concatenate([learned.values, *sorted(chosen, key=lambda v: float(v[0]))])
        np.testing.assert_array_equal(joined, known.values)
        np.testing.assert_array_equal(np.concatenate([known.values, *measured]), whole.values)
        assert len(known.values) >= len(whole.values) / 2


def test_every_window_is_forecast_from_all_that_came_before_it() -> None:
    plan = plan_backtest(counted(*[100] * 8), settings(ahead=10), 64)

    assert [item.later for item in plan.items[:3]] == [2, 1, 0]
    for item in plan.items:
        assert item.case.future[0] == item.case.past[-1] + 1
        assert len(item.case.past) == 100 - 10 * (item.later + 1)


def test_many_series_are_judged_one_by_one_and_few_by_their_windows() -> None:
    many = plan_backtest(counted(*[150] * 10), settings(), 64)
    assert (len(many.items), len(set(many.groups))) == (30, 10)

    single = plan_backtest(counted(144), settings(), 64)
    assert (len(single.items), single.ahead) == (8, 8)
    assert len(set(single.groups)) == 8


def test_the_length_of_an_official_test_part_is_the_horizon_and_its_values_are_not_used() -> None:
    series = [
        Series(s.name, s.values, 24, np.full(7, 1e9)) for s in counted(*[200] * 8, season_length=24)
    ]
    plan = plan_backtest(series, settings(), 64)

    assert plan.ahead == 7
    assert max(case.future.max() for case in plan.cases) < 1e9
    assert all(item.future is None for item in plan.known)


def test_more_series_than_are_measured_are_drawn_alike_each_time() -> None:
    series = counted(*[60] * 30)
    one = plan_backtest(series, settings(measured_series=9), 64)
    two = plan_backtest(series, settings(measured_series=9), 64)

    assert len({item.series for item in one.items}) == 9
    assert [item.series for item in one.items] == [item.series for item in two.items]
    assert len(one.learned) == 30
    assert max(len(s.values) for s in one.known) < 60  # nobody's end is learned from


def test_windows_and_horizon_can_be_asked_for() -> None:
    plan = plan_backtest(counted(*[200] * 3), settings(origins=4, ahead=9), 64)
    assert [len(item.case.future) for item in plan.items] == [9] * 12


@pytest.mark.parametrize(
    ("lengths", "changes", "message"),
    [
        ((15,), {}, "1 series of at most 15 values leave 0 windows.*use the export as it is"),
        ((30, 30), {"origins": 2}, "2 series .* leave 4 windows to measure on, and fewer than 6"),
        ((100,), {"ahead": 65}, "--ahead 65: the export forecasts 64 steps"),
    ],
    ids=["one short series", "few windows", "too far ahead"],
)
def test_too_little_to_judge_by_is_refused(
    lengths: tuple[int, ...], changes: dict[str, int], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        plan_backtest(counted(*lengths), settings(**changes), 64)


def test_a_window_without_a_known_truth_is_not_measured() -> None:
    series = counted(*[80] * 8)
    series[0].values[60:79] = np.nan
    plan = plan_backtest(series, settings(ahead=5), 64)

    assert sum(item.series == "s1" for item in plan.items) == 1
    assert len(plan.learned[0].values) <= 60
