import pytest
import torch

from models.cells import CELLS, last_valid, recurrent

B, T, F, H = 2, 5, 3, 7


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_cell_reads_a_batch_of_sequences(cell: str) -> None:
    outputs, _ = recurrent(cell, F, H, n_layers=2, bidirectional=True, dropout=0.1)(
        torch.randn(B, T, F)
    )
    assert outputs.shape == (B, T, 2 * H)


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(
        ValueError, match="cell must be one of .*'gru', 'lstm', 'min_gru', 'rnn'.*, got 'tcn'"
    ):
        recurrent("tcn", F, H)


def test_the_last_valid_output_is_each_item_s_own() -> None:
    outputs = torch.arange(B * T * H, dtype=torch.float32).view(B, T, H)
    picked = last_valid(outputs, torch.tensor([2, 5]))
    assert torch.equal(picked, torch.stack([outputs[0, 1], outputs[1, 4]]))
