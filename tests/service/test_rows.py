"""Rows to batches: buckets, splitting, padding."""

import numpy as np
import pytest

from service.rows import Padding, Rows, bucket_of, by_bucket, collate
from tests.doubles import numbers, series


@pytest.mark.parametrize(
    ("length", "bucket"), [(1, 6), (16, 6), (64, 6), (65, 7), (128, 7), (129, 8)]
)
def test_a_bucket_holds_lengths_up_to_a_power_of_two(length: int, bucket: int) -> None:
    assert bucket_of(length) == bucket


def test_rows_of_equal_length_are_one_selection() -> None:
    ((bucket, selection),) = by_bucket(numbers(1, 2, 3))

    assert (bucket, selection.size, selection.longest) == (0, 3, 1)
    assert collate([selection], None)["row"].tolist() == [1, 2, 3]


def test_a_selection_splits_in_order() -> None:
    ((_, selection),) = by_bucket(numbers(1, 2, 3, 4, 5))
    head, tail = selection.split(2)
    middle, end = tail.split(2)

    found = [collate([part], None)["row"].tolist() for part in (head, middle, end)]
    assert found == [[1, 2], [3, 4], [5]]


def test_rows_are_cut_and_padded_on_the_left_to_the_longest_of_the_batch() -> None:
    short = dict(by_bucket(series(2, 70)))[6]
    longer = dict(by_bucket(series(5)))[6]
    batch = collate([short, longer], Padding("values", -1.0))["values"]

    assert batch.shape == (2, 5)
    assert np.isnan(batch[0]).tolist() == [True, True, True, False, False]
    assert batch[1].tolist() == [1, 1, 1, 1, 1]


def test_a_request_narrower_than_the_batch_is_filled_up() -> None:
    ((_, narrow),) = by_bucket(series(2))
    ((_, wide),) = by_bucket(series(4))
    batch = collate([narrow, wide], Padding("values", -1.0))["values"]

    assert batch.tolist() == [[-1, -1, 1, 1], [1, 1, 1, 1]]


def test_inputs_that_do_not_vary_in_length_are_stacked_as_they_are() -> None:
    rows = Rows({"values": np.ones((2, 9)), "season_length": np.array([4, 7])}, np.array([9, 3]))
    ((_, selection),) = by_bucket(rows)

    assert collate([selection], Padding("values", np.nan))["season_length"].tolist() == [4, 7]
    assert selection.cells() == 12


def test_rows_padded_on_the_right_keep_their_start() -> None:
    lengths = np.array([2, 5, 3])
    values = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7], [8, 9, 10, 0, 0]])
    wide = Rows({"values": values}, lengths)
    ((_, selection),) = by_bucket(wide)
    _, tail = selection.split(2)
    ((_, narrow),) = by_bucket(Rows({"values": np.array([[11, 12]])}, np.array([2])))
    ((_, single),) = by_bucket(Rows({"values": np.array([[13]])}, np.array([1])))
    right = Padding("values", -1, side="right")

    assert collate([single, narrow], right)["values"].tolist() == [[13, -1], [11, 12]]
    assert collate([selection, narrow], right)["values"][-1].tolist() == [11, 12, -1, -1, -1]
    assert tail.longest == 5
