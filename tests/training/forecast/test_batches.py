import numpy as np
import pytest
import torch

from training.forecast.batches import SHORT_CONTEXT, BatchMaker, collate, with_gaps
from training.forecast.config import ForecastTraining
from training.forecast.series import Series
from training.forecast.windows import Example, WindowBank


def maker(**changes: object) -> BatchMaker:
    series = [Series("a", np.random.default_rng(0).normal(size=400).cumsum(), 7)]
    settings = {"batch_size": 10, "horizon": 48, "context_length": 200} | changes
    return BatchMaker(WindowBank(series, [1.0]), ForecastTraining(**settings))  # type: ignore[arg-type]


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    first, second = maker(), maker()
    second.batch(0)

    one, two = first.batch(5), second.batch(5)

    torch.testing.assert_close(one.values, two.values, equal_nan=True, rtol=0, atol=0)
    torch.testing.assert_close(one.future, two.future, equal_nan=True, rtol=0, atol=0)
    assert not torch.equal(one.told, first.batch(6).told) or not torch.equal(
        one.values.nan_to_num(), first.batch(6).values.nan_to_num()
    )
    other = maker(seed=1).batch(5)
    assert not torch.equal(one.values.nan_to_num(), other.values.nan_to_num())


def test_every_fourth_batch_holds_long_pasts() -> None:
    batches = maker()

    assert batches.batch(0).values.shape == (10, 200)
    assert batches.batch(1).values.shape == (10, SHORT_CONTEXT)
    assert batches.batch(1).future.shape == (10, 48)


@pytest.mark.parametrize("real_share", [0.0, 1.0], ids=["simulated only", "real only"])
def test_a_batch_may_be_all_real_or_all_simulated(real_share: float) -> None:
    batch = maker(real_share=real_share).batch(0)

    assert batch.values.isfinite().any(1).all()
    assert set(batch.season_length.tolist()) <= {1, 7} or real_share == 0


def test_rows_are_aligned_right_in_a_unit_of_their_own() -> None:
    examples = [
        Example(np.array([1.0, -4.0]), np.array([8.0]), 3),
        Example(np.array([0.0, 0.0, 0.0]), np.array([0.0, 5.0]), 3),
    ]

    batch = collate(np.random.default_rng(8), examples, 4, 3)

    nan = float("nan")
    expected = torch.tensor([[nan, nan, 0.25, -1.0], [nan, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(batch.values, expected, equal_nan=True)
    future = torch.tensor([[2.0, nan, nan], [0.0, 5.0, nan]])
    torch.testing.assert_close(batch.future, future, equal_nan=True)
    assert batch.season_length.tolist() == [3, 3]


def test_gaps_leave_at_least_two_values() -> None:
    rng = np.random.default_rng(9)
    for n in (1, 2, 3, 5, 30):
        for _ in range(50):
            left = np.isfinite(with_gaps(rng, np.ones(n))).sum()
            assert left >= min(2, n)
