import numpy as np
import pytest

from training.forecast.synthetic import SEASONS, draw_seasons, simulate

B, N = 64, 150


def test_the_same_generator_simulates_the_same_rows() -> None:
    season = np.full(B, 12)
    used = np.full(B, 90)

    one = simulate(np.random.default_rng(3), season, used, N)
    two = simulate(np.random.default_rng(3), season, used, N)

    np.testing.assert_array_equal(one.values, two.values)
    assert one.values.shape == (B, N)


@pytest.mark.parametrize("used", [4, 40, 150], ids=str)
def test_simulated_values_are_finite_numbers(used: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        season = draw_seasons(rng, B)
        values = simulate(rng, season, np.full(B, used), N).values
        assert np.isfinite(values).all()


def test_rows_with_a_season_repeat_more_than_rows_without() -> None:
    rng = np.random.default_rng(6)

    def likeness(season_length: int) -> float:
        season, used = np.full(400, season_length), np.full(400, N)
        change = np.diff(simulate(rng, season, used, N).values, axis=1)
        change = change - change.mean(1, keepdims=True)
        product = (change[:, 12:] * change[:, :-12]).mean(1)
        return float(np.median(product / (change**2).mean(1)))

    assert likeness(12) > 0.2
    assert likeness(1) < 0.05


def test_season_lengths_are_those_of_calendars_and_a_few_others() -> None:
    drawn = draw_seasons(np.random.default_rng(7), 2000)

    assert set(SEASONS) - {0} <= set(drawn.tolist())
    assert drawn.min() == 1
    assert np.isin(drawn, SEASONS).mean() > 0.94
