"""Quantiles between and beyond the levels of a model."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.tasks.quantiles import mixing_weights, mixture

LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9]
ANY_LEVEL = st.floats(1e-300, 1 - 1e-16, exclude_max=True)


def test_the_levels_of_the_model_are_left_alone() -> None:
    assert mixing_weights(LEVELS, LEVELS) == pytest.approx(np.eye(6))


@pytest.mark.parametrize("asked", [1e-6, 0.01, 0.07, 0.3, 0.5, 0.66, 0.9, 0.97, 1 - 1e-9])
def test_a_normal_distribution_is_answered_exactly(asked: float) -> None:
    normal = NormalDist(mu=30.0, sigma=4.0)
    known = np.array([normal.inv_cdf(level) for level in LEVELS])

    assert known @ mixing_weights(LEVELS, [asked])[:, 0] == pytest.approx(normal.inv_cdf(asked))


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6),
    st.lists(ANY_LEVEL, min_size=2, max_size=9),
)
def test_quantiles_never_cross(values: list[float], asked: list[float]) -> None:
    known, wanted = np.sort(values), sorted(asked)
    mixed = known @ mixing_weights(LEVELS, wanted)

    scale = 1e-9 * (1 + np.abs(mixed).max())
    assert (np.diff(mixed) >= -scale).all()


def test_a_model_with_one_level_answers_it_always() -> None:
    assert mixing_weights([0.5], [0.1, 0.9]).tolist() == [[1.0, 1.0]]


def test_without_a_median_the_nearest_level_is_the_centre() -> None:
    weights = mixing_weights([0.8, 0.9], [0.5, 0.99])

    assert np.isfinite(weights).all()
    assert weights.sum(axis=0) == pytest.approx([1, 1])


@pytest.mark.parametrize("asked", [(0.9, 0.1), (0.1, 0.42)], ids=["of the model", "between"])
def test_a_mixture_is_the_weighted_sum_in_the_order_of_the_encoder(
    asked: tuple[float, ...],
) -> None:
    quantiles = np.sort(np.random.default_rng(3).normal(size=(2, 5, 6)), axis=2).astype(np.float32)
    mixed = mixture(tuple(LEVELS), asked)

    found = mixed.of(quantiles)
    assert mixed.names == [repr(level) for level in asked]
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    expected = (quantiles @ mixing_weights(LEVELS, asked)).transpose(0, 2, 1)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_what_is_stretched_beyond_float32_stays_a_number() -> None:
    quantiles = np.linspace(-3e38, 3e38, 6, dtype=np.float32).reshape(1, 1, 6)

    found = mixture(tuple(LEVELS), (0.0001, 0.9999)).of(quantiles)
    assert np.isfinite(found).all()
    assert found.ravel().tolist() == pytest.approx([-3e38, 3e38])
