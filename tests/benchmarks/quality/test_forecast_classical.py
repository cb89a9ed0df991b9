from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer

from benchmarks.quality.forecast_classical import (
    answer,
    answers,
    cache_path,
    fitted,
    main,
    read_cache,
    sampled,
)
from training.forecast.metrics import Case
from training.forecast.series import Values

CASES = [Case(f"s{i}", np.arange(8.0) + i, np.zeros(2), 4) for i in range(5)]


def steady(case: Case) -> Values:
    return np.full((2, 9), case.past[-1])


def counted(names: list[str]) -> Callable[[Case], Values]:
    def fit(case: Case) -> Values:
        names.append(case.name)
        return steady(case)

    return fit


def test_a_method_that_fails_answers_with_the_seasonal_naive_and_is_counted() -> None:
    def broken(case: Case) -> Values:
        raise ZeroDivisionError

    for fit in (broken, lambda _: np.full((2, 9), np.nan)):
        found = answer(CASES[0], fit)
        assert found.failed
        assert found.quantiles == [[4.0] * 9, [5.0] * 9]
    assert not answer(CASES[0], steady).failed


def test_only_what_is_missing_in_the_cache_is_fitted(tmp_path: Path) -> None:
    path, fits = tmp_path / "new/a.jsonl", list[str]()
    first = list(answers("m", CASES[:2], path, counted(fits)))
    with path.open("a") as stream:
        stream.write('{"name": "s2", "quantiles": [[1.0')  # interrupted while it was written

    again = list(answers("m", CASES, path, counted(fits)))

    assert fits == ["s0", "s0", "s1", "s2", "s2", "s3", "s4"]  # the first of a run warms up
    assert again[:2] == first
    assert [found.name for found in again] == list(read_cache(path)) == [c.name for c in CASES]


def test_other_data_are_kept_elsewhere(tmp_path: Path) -> None:
    data = tmp_path / "task.jsonl.gz"
    data.write_bytes(b"1")
    before = cache_path(tmp_path, data, "AutoETS")
    data.write_bytes(b"2")

    assert before.name.startswith("task-AutoETS-2.")
    assert cache_path(tmp_path, data, "AutoETS") != before


def test_samples_are_the_same_every_time_and_in_the_order_of_the_series() -> None:
    cases = [Case(f"{i:03}", np.zeros(30), np.zeros(2), 12) for i in range(150)]
    some = [case.name for case in sampled(cases, 60)]

    assert len(set(some)) == 60
    assert some == sorted(some) == [case.name for case in sampled(cases, 60)]
    assert sampled(cases, 150) == cases


def test_a_method_that_nobody_knows_is_refused_before_anything_is_fitted(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="no method 'AutoMagic'; methods: AutoTheta"):
        main(tmp_path, tmp_path / "cache", ["AutoETS", "AutoMagic"])
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["AutoTheta", "AutoETS", "AutoCES", "AutoARIMA"])
def test_quantiles_of_the_library_rise_around_its_point(method: str) -> None:
    rng = np.random.default_rng(1)
    past = 50 + 10 * np.sin(np.arange(60) * np.pi / 6) + rng.standard_normal(60)

    found = fitted(method, Case("a", past, np.zeros(6), 12))

    assert found.shape == (6, 9)
    assert (np.diff(found, axis=1) >= 0).all()
    assert np.abs(found[:, 4] - 50 - 10 * np.sin(np.arange(60, 66) * np.pi / 6)).max() < 4
