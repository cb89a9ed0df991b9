import math

import pytest
import torch
from torch import Tensor

from models.step_views import GrowthView, LevelView, Seen

B, T, Q, L = 2, 7, 5, 3
EVERYWHERE = torch.ones(1, T, dtype=torch.bool)
DOUBLES = torch.tensor([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]], dtype=torch.float64)


def continued(view: GrowthView, seen: Seen, path: Tensor) -> list[float]:
    base = view.base_path(path, seen).unsqueeze(2)
    return view.values(base, seen)[0, :, 0].tolist()


def test_a_level_is_scaled_and_turned_back() -> None:
    view = LevelView(10.0, 4.0)
    seen = view(DOUBLES, EVERYWHERE, torch.tensor([0]))
    assert seen.scaled[0, 3].item() == -0.5
    assert view.values(seen.base.unsqueeze(2), seen)[0, :, 0].tolist() == DOUBLES[0].tolist()
    assert seen.lag.tolist() == [1]


def test_growth_is_the_logarithm_against_a_season_before() -> None:
    view = GrowthView(0.0, 1.0, season_length=2)
    seen = view(DOUBLES, EVERYWHERE, torch.tensor([0]))
    assert seen.inside[0].tolist() == [False, False, True, True, True, True, True]
    torch.testing.assert_close(seen.scaled[0, 2:], torch.full((5,), math.log(4)))


def test_a_growth_of_nothing_repeats_the_last_season() -> None:
    view = GrowthView(0.0, 1.0, season_length=3)
    seen = view(DOUBLES, EVERYWHERE, torch.tensor([0]))
    assert continued(view, seen, torch.zeros(1, Q)) == pytest.approx([16, 32, 64, 16, 32])


def test_growth_adds_up_over_seasons() -> None:
    view = GrowthView(math.log(2), 1.0, season_length=3)
    seen = view(DOUBLES, EVERYWHERE, torch.tensor([2]))
    assert seen.lag.tolist() == [2]
    assert continued(view, seen, torch.zeros(1, Q)) == pytest.approx([64, 128, 128, 256, 256])


def test_a_series_that_is_not_positive_grows_in_shares_of_its_largest_value() -> None:
    values = DOUBLES - 24.0  # largest magnitude 40
    view = GrowthView(0.0, 1.0, season_length=1)
    seen = view(values, EVERYWHERE, torch.tensor([0]))
    assert seen.scaled[0, -1].item() == pytest.approx(32 / 40)
    assert continued(view, seen, torch.full((1, 2), 0.5)) == pytest.approx([60, 80])


def test_a_row_no_longer_than_a_season_is_continued_with_its_last_value() -> None:
    view = GrowthView(0.7, 1.0, season_length=T)
    seen = view(DOUBLES, EVERYWHERE, torch.tensor([0]))
    assert (seen.lag.tolist(), seen.moves.tolist()) == ([1], [False])
    assert continued(view, seen, torch.ones(1, 3)) == pytest.approx([64, 64, 64])


def test_a_row_of_zeros_stays_zero() -> None:
    view = GrowthView(0.7, 1.0, season_length=2)
    seen = view(torch.zeros(1, T, dtype=torch.float64), EVERYWHERE, torch.tensor([0]))
    assert continued(view, seen, torch.ones(1, 3)) == pytest.approx([0, 0, 0], abs=1e-200)


def test_steps_before_a_row_begins_are_not_read() -> None:
    inside = torch.arange(T).unsqueeze(0) >= 3
    view = GrowthView(0.0, 1.0, season_length=2)
    seen = view(DOUBLES * inside, inside, torch.tensor([0]))
    assert seen.inside[0].tolist() == [False] * 5 + [True] * 2
    assert not seen.scaled[0, :5].any()
