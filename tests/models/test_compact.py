"""Tables in eight bits: what they give in float32, and from the bytes themselves."""

import pytest
import torch
from torch import Tensor

from models import compact
from models.compact import CompactTable

# Without instructions for bytes, sums of their products may overflow on the way.
pytestmark = pytest.mark.skipif(
    not torch.cpu._is_vnni_supported(), reason="the processor does not multiply bytes"
)
B, E, V = 5, 24, 37


@pytest.fixture
def table() -> CompactTable:
    torch.manual_seed(3)
    return CompactTable(torch.randn(V, E) * torch.rand(V, 1))


@pytest.fixture
def bias() -> Tensor:
    return torch.linspace(-3, 3, V)


def in_bytes(table: CompactTable, hidden: Tensor, bias: Tensor) -> Tensor:
    table.multiplies_int8 = True
    return table.scores(hidden, bias)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6], ids=["tiny", "usual", "huge"])
def test_bytes_give_the_scores_of_float32_to_a_few_parts_in_a_hundred_thousand(
    table: CompactTable, size: float
) -> None:
    hidden = size * torch.randn(B, E)
    exact = hidden.double() @ table().double().t()
    scores = in_bytes(table, hidden, torch.zeros(V))

    assert scores.shape == (B, V)
    assert (scores - exact).abs().max() < 5e-5 * exact.abs().max()
    assert not torch.equal(scores, exact.float())  # it was not float32 that answered


def test_a_row_of_zeros_scores_the_bias(table: CompactTable, bias: Tensor) -> None:
    assert torch.equal(in_bytes(table, torch.zeros(2, E), bias), bias.expand(2, V))


def test_numbers_at_the_ends_of_a_byte_do_not_wrap(table: CompactTable) -> None:
    hidden = torch.tensor([[127.0, -127.0, 126.5, -126.5, 0.5, -0.5] * (E // 6)])
    exact = hidden.double() @ table().double().t()

    scores = in_bytes(table, hidden, torch.zeros(V))
    torch.testing.assert_close(scores.double(), exact, rtol=0, atol=2e-3)


def test_bytes_answer_a_row_alike_alone_and_in_a_batch(table: CompactTable, bias: Tensor) -> None:
    hidden = torch.randn(B, E)
    together = in_bytes(table, hidden, bias)
    alone = torch.cat([in_bytes(table, row[None], bias) for row in hidden])

    assert torch.equal(together, alone)


def test_a_table_in_pieces_scores_as_in_one(
    table: CompactTable, bias: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "CELLS", 2 * B * 7)  # seven words a piece, two in the last
    pieces = CompactTable(table())
    hidden = torch.randn(B, E)

    torch.testing.assert_close(in_bytes(pieces, hidden, bias), in_bytes(table, hidden, bias))


def test_a_table_in_pieces_of_less_than_a_word_goes_word_by_word(
    table: CompactTable, bias: Tensor
) -> None:
    hidden = torch.randn(B, E)
    whole = in_bytes(table, hidden, bias)
    table.cells = 1

    assert torch.equal(in_bytes(table, hidden, bias), whole)


def test_what_is_not_told_to_multiply_bytes_does_not(table: CompactTable, bias: Tensor) -> None:
    hidden = torch.randn(B, E)

    torch.testing.assert_close(
        table.scores(hidden, bias), hidden @ table().t() + bias, rtol=1e-6, atol=1e-6
    )
