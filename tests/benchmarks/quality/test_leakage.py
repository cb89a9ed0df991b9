from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import leakage
from benchmarks.quality.leakage import Judged, leaks
from training.forecast.series import Series, Values

RNG = np.random.default_rng(5)


def walk(n: int) -> Values:
    return RNG.standard_normal(n).cumsum() * 10


SERIES = walk(40)


def hidden(values: Values) -> list[Series]:
    """Training data with these values in the middle of one series."""
    inside = np.concatenate([walk(37), values, walk(19)])
    return [Series("clean", walk(300)), Series("dirty", inside)]


@pytest.mark.parametrize(
    "copy",
    [SERIES, SERIES * 7e6 - 3, (SERIES * 0.01 + 5).round(3), -2 * SERIES, SERIES[8:32]],
    ids=["as it is", "scaled and shifted", "rounded", "upside down", "a window of it"],
)
def test_a_copy_is_found(copy: Values) -> None:
    found = list(leaks([Judged("a", SERIES), Judged("b", walk(30))], hidden(copy)))

    assert [(leak.judged, leak.training, leak.coarser) for leak in found] == [("a", "dirty", 1)]
    assert found[0].windows == len(copy) - 23
    assert found[0].at == (0 if len(copy) == 40 else 8)


def test_a_short_series_is_found_by_fewer_steps() -> None:
    short = walk(13)

    found = list(leaks([Judged("a", short)], hidden(short + 4)))

    assert [(leak.steps, leak.windows) for leak in found] == [(12, 2)]


def test_quarters_are_found_in_their_months() -> None:
    months = walk(90)
    quarters = months.reshape(30, 3).mean(1)

    found = list(leaks([Judged("a", quarters)], hidden(months)))

    assert [(leak.training, leak.coarser) for leak in found] == [("dirty", 3)]


def test_only_windows_that_reach_beyond_what_is_known_count() -> None:
    known = Judged("a", SERIES, known=30)

    assert not list(leaks([known], hidden(SERIES[:30])))
    assert [leak.at for leak in leaks([known], hidden(SERIES[:31]))] == [7]


def test_a_series_may_repeat_its_own_past() -> None:
    week = np.tile(walk(24), 3)

    assert not list(leaks([Judged("a", week, known=48)], [Series("a", week[:48])]))
    assert list(leaks([Judged("a", week, known=48)], [Series("b", week[:48])]))


@pytest.mark.parametrize(
    "common",
    [np.arange(40.0) * 3, np.zeros(40), (np.arange(40) == 9) * 5.0, np.arange(40.0) ** 2],
    ids=["line", "constant", "one spike", "parabola"],
)
def test_what_unrelated_series_share_is_no_leak(common: Values) -> None:
    assert not list(leaks([Judged("a", common)], hidden(common)))


def test_missing_values_do_not_hide_the_rest() -> None:
    holed = SERIES.copy()
    holed[10] = np.nan

    assert [leak.windows for leak in leaks([Judged("a", holed)], hidden(SERIES))] == [6]


@pytest.mark.slow
def test_no_series_that_we_are_judged_by_is_trained_on() -> None:
    folder = Path("../shared/data/series")
    if not folder.is_dir():
        pytest.skip("the public series are not there")

    judged, training = leakage.judged_series(folder), leakage.training_series(folder)
    assert list(leaks(judged, training)) == []
