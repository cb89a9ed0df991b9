import numpy as np
import torch

from training.forecast.adapting.batches import OwnBatches
from training.forecast.config import ForecastTraining
from training.forecast.series import Series


def batches(series: list[Series], **changes: object) -> OwnBatches:
    settings = {"batch_size": 12, "context_length": 64, "horizon": 8} | changes
    return OwnBatches(series, ForecastTraining(**settings), ahead=5)  # type: ignore[arg-type]


def test_a_step_gives_the_same_batch_whenever_it_is_asked_for() -> None:
    series = [Series("a", np.arange(1.0, 90.0), 7), Series("b", np.arange(30.0) ** 2, 1)]
    one, other, again = (batches(series).batch(step) for step in (3, 4, 3))

    for left, right in zip(vars(one).values(), vars(again).values(), strict=True):
        torch.testing.assert_close(left, right, equal_nan=True)
    assert not torch.equal(one.values.nan_to_num(), other.values.nan_to_num())


def test_most_windows_ask_for_the_users_horizon_on_the_users_grid() -> None:
    series = [Series("a", np.arange(1.0, 200.0), 7)]
    made = [batches(series, real_share=1.0).batch(step) for step in range(10)]

    asked = torch.cat([torch.isfinite(batch.future).sum(1) for batch in made])
    assert (asked == 5).float().mean() > 0.6
    assert all((batch.season_length == 7).all() for batch in made)


def test_windows_of_a_gap_are_left_out() -> None:
    values = np.r_[np.arange(1.0, 10.0), np.full(60, np.nan), np.arange(1.0, 4.0)]
    for step in range(20):
        batch = batches([Series("a", values, 1)], real_share=1.0).batch(step)
        assert (torch.isfinite(batch.values).sum(1) > 1).all()
        assert torch.isfinite(batch.future).any(1).all()


def test_a_share_is_simulated_so_that_nothing_is_forgotten() -> None:
    flat = [Series("a", np.full(100, 3.0), 1)]
    batch = batches(flat, real_share=0.5).batch(0)
    constant = [len(torch.unique(row[torch.isfinite(row)])) == 1 for row in batch.values]
    assert 0 < sum(constant) < len(constant)
