"""Odd classes of series are what they say, and the forecaster that ships copes with each."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.quality.forecast_classes import (
    CLASSES,
    HUGE,
    TINY,
    VERY_LONG,
    OddSeries,
    draw_classes,
    score_class,
)
from models.export_folder import read_manifest

EXPORT = Path("models/repository/forecaster/1")
N_EACH = 20
WORSE_AT_MOST = 1.05
DRAWN = draw_classes(N_EACH)


def test_the_same_seed_draws_the_same_series() -> None:
    again = draw_classes(3)

    for name, series in again.items():
        for one, other in zip(series, DRAWN[name], strict=False):
            np.testing.assert_array_equal(one.context, other.context)
            np.testing.assert_array_equal(one.future, other.future)
    assert not np.array_equal(draw_classes(1, seed=1)["huge"][0].future, DRAWN["huge"][0].future)


def test_every_class_is_what_its_name_says() -> None:
    contexts = {name: [one.context for one in series] for name, series in DRAWN.items()}

    assert all((values == 0).mean() > 0.3 for values in contexts["intermittent"])
    assert {len(values) for values in contexts["short"]} <= set(range(3, 12))
    assert all(np.ptp(np.r_[one.context, one.future]) == 0 for one in DRAWN["constant"])
    assert all(len(values) == VERY_LONG for values in contexts["very long"])
    assert np.median([np.abs(values).max() for values in contexts["huge"]]) > HUGE
    assert np.median([np.abs(values).max() for values in contexts["tiny"]]) < 100 * TINY
    assert all(values.min() < 0 for values in contexts["negative"])
    assert all(np.isnan(values).any() for values in contexts["with gaps"])
    assert any(np.isnan(values[-1]) for values in contexts["with gaps"])


def test_the_seasonal_naive_scores_one_and_a_perfect_forecast_zero() -> None:
    walk = OddSeries(np.array([1.0, 3.0, 2.0]), np.array([4.0, 4.0]), 1)

    naive = score_class([walk], [[2.0, 2.0]])

    assert naive.error == naive.naive_error == pytest.approx(2 / 1.5)
    assert naive.ratio == 1.0
    assert score_class([walk], [walk.future]).ratio == 0.0


def test_a_constant_allows_rounding_and_no_more() -> None:
    constant = OddSeries(np.full(5, 1e12), np.full(2, 1e12), 1)

    assert score_class([constant], [np.float32(constant.future)]).ratio == 0.0
    assert score_class([constant], [constant.future * 1.001]).ratio == float("inf")


@pytest.fixture(scope="module")
def graph() -> torch.nn.Module:
    if not EXPORT.is_dir():
        pytest.skip("this checkout ships no forecaster")
    loaded: torch.nn.Module = torch.jit.load(EXPORT / "model.pt")  # type: ignore[no-untyped-call]
    return loaded


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", CLASSES)
def test_the_shipped_forecaster_copes_with_each_class(name: str, graph: torch.nn.Module) -> None:
    manifest = read_manifest(EXPORT)
    median = manifest.parameters["quantile_levels"].index(0.5)
    context_length = manifest.parameters["context_length"]
    medians = []
    for one in DRAWN[name]:
        values = torch.tensor(one.context[None, -context_length:], dtype=torch.float32)
        with torch.inference_mode():
            quantiles = graph(values, torch.tensor([one.season_length]))[1][0]
        assert bool(torch.isfinite(quantiles).all())
        assert bool((quantiles.diff(dim=1) >= 0).all())
        medians.append(quantiles[: len(one.future), median].double().numpy())

    assert score_class(DRAWN[name], medians).ratio <= WORSE_AT_MOST
