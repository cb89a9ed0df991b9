import numpy as np
import pytest

from training.next_value.series import airline, noisy_sine


def test_the_airline_figures_are_the_published_ones() -> None:
    series = airline()
    assert len(series.values) == 144
    assert series.values.sum() == 40_363
    assert series.values[:12].tolist() == [
        112,
        118,
        132,
        129,
        121,
        135,
        148,
        148,
        136,
        119,
        104,
        118,
    ]
    assert series.values[-12:].tolist() == [
        417,
        391,
        419,
        461,
        472,
        535,
        622,
        606,
        508,
        461,
        390,
        432,
    ]
    assert series.values.argmax() == 138  # July 1960
    assert len(series.training) == 120


def test_the_sine_is_noisy_by_a_fifth_and_repeats_with_its_seed() -> None:
    series, again, other = noisy_sine(0), noisy_sine(0), noisy_sine(1)
    assert series.clean is not None
    assert series.clean[99] == pytest.approx(np.sin(1.0))
    noise = series.values - series.clean
    assert noise.std() == pytest.approx(0.2, rel=0.05)
    assert (series.values == again.values).all()
    assert (series.values != other.values).all()
    assert (len(series.values), len(series.training)) == (1000, 600)
