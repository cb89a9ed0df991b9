"""Paths into the future: fed back, and their forecasts combined."""

import numpy as np
import pytest

from service.rows import Rows
from service.tasks.paths import PATHS, Paths, mass_of, weighted_quantiles

LEVELS = [0.1, 0.5, 0.9]


def test_every_level_stands_for_its_share() -> None:
    assert mass_of(PATHS) == pytest.approx([0.3, 0.4, 0.3])
    assert mass_of([0.05, 0.1, 0.5, 0.9]) == pytest.approx([0.075, 0.225, 0.4, 0.3])


def test_equal_weights_give_the_usual_quantiles() -> None:
    values = np.array([[[4.0, 1.0, 3.0, 2.0], [40.0, 10.0, 20.0, 30.0]]])
    found = weighted_quantiles(values, np.full(4, 0.25), np.array([0.05, 0.25, 0.5, 0.99]))

    assert found.tolist() == [[[1.0, 1.5, 2.5, 4.0], [10.0, 15.0, 25.0, 40.0]]]


def test_a_heavy_value_takes_more_levels() -> None:
    found = weighted_quantiles(
        np.array([[[5.0, 1.0]]]), np.array([0.8, 0.2]), np.array([0.1, 0.35, 0.6])
    )

    assert found.tolist() == [[[1.0, 3.0, 5.0]]]


def test_each_series_goes_on_along_every_path() -> None:
    paths = Paths(LEVELS, context_length=4)
    rows = Rows(
        {"values": np.array([[np.nan, 1.0, 2.0], [5.0, 6.0, 7.0]]), "season_length": np.zeros(2)},
        np.array([2, 3]),
    )
    quantiles = np.array([[[2.0, 3.0, 4.0], [1.0, 4.0, 7.0]], [[8.0, 8.0, 8.0], [0.0, 9.0, 18.0]]])
    chunk = {"quantiles": quantiles, "season_length": np.array([1, 12])}
    second = paths.first_rows(rows, chunk)

    assert second.inputs["values"].tolist() == [
        [1, 2, 2, 1],
        [6, 7, 8, 0],
        [1, 2, 3, 4],
        [6, 7, 8, 9],
        [1, 2, 4, 7],
        [6, 7, 8, 18],
    ]
    assert second.inputs["season_length"].tolist() == [1, 12] * 3
    assert second.lengths is not None
    assert second.lengths.tolist() == [4, 4] * 3


def test_forecasts_of_the_paths_become_a_mixture() -> None:
    paths = Paths(LEVELS, context_length=4)
    mean = np.array([[0.0], [10.0], [20.0]])  # one series, three paths, one step
    quantiles = mean[..., np.newaxis] + np.array([-1.0, 0.0, 1.0])
    combined = paths.combine({"mean": mean, "quantiles": quantiles})

    assert combined["mean"] == pytest.approx(np.array([[10.0]]))
    low, middle, high = combined["quantiles"][0, 0]
    # A tenth of all is a third of the lowest path, whose levels stand for 30, 40 and 30 %.
    assert -1 < low < 0
    assert middle == pytest.approx(10)
    assert low + high == pytest.approx(20)


def test_paths_that_agree_change_nothing() -> None:
    paths = Paths(LEVELS, context_length=4)
    outputs = {"mean": np.full((6, 2), 5.0), "quantiles": np.full((6, 2, 3), 5.0)}
    combined = paths.combine(outputs)

    assert combined["mean"].shape == (2, 2)
    assert combined["quantiles"] == pytest.approx(np.full((2, 2, 3), 5.0))
