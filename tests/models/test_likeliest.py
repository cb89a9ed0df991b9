"""The few largest of many numbers are those that sorting gives."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.likeliest import largest


@settings(deadline=None)
@given(
    n_rows=st.integers(1, 4),
    n_columns=st.integers(1, 400),
    k=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_the_largest_of_each_row_come_in_order(
    n_rows: int, n_columns: int, k: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(n_rows, n_columns, generator=generator)
    k = min(k, n_columns)

    best, places = largest(values, k)

    expected = values.sort(dim=1, descending=True)
    assert best.tolist() == expected.values[:, :k].tolist()
    assert places.tolist() == expected.indices[:, :k].tolist()


@pytest.mark.parametrize("place", [0, 15, 16, 330, 331, 340])
def test_a_single_peak_is_found_wherever_it_is(place: int) -> None:
    values = torch.zeros(1, 341)  # 16 rows of 21, and 5 more
    values[0, place] = 1.0

    assert largest(values, 1)[1].item() == place


def test_part_of_a_wider_table_is_searched() -> None:
    wide = torch.rand(3, 200, generator=torch.Generator().manual_seed(1))

    best, places = largest(wide[:, 7:], 4)

    assert best.tolist() == wide[:, 7:].topk(4).values.tolist()
    assert places.tolist() == wide[:, 7:].topk(4).indices.tolist()
