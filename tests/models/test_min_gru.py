"""The minimal GRU against its equations, one step after the other."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.cells import recurrent
from models.min_gru import MinGru, MinGruSweep

B, T, F, H, L = 3, 11, 5, 7, 2
LENGTHS = torch.tensor([4, 11, 1])
SHAPES = pytest.mark.parametrize(
    ("n_layers", "bidirectional"),
    [(1, False), (L, False), (1, True), (L, True)],
    ids=["plain", "layers", "both directions", "layers and directions"],
)


def build(n_layers: int = L, bidirectional: bool = True) -> MinGru:
    torch.manual_seed(0)
    cell = recurrent("min_gru", F, H, n_layers=n_layers, bidirectional=bidirectional).eval()
    assert isinstance(cell, MinGru)
    return cell


@pytest.mark.parametrize("backwards", [False, True])
def test_a_gate_says_how_far_the_state_moves_to_the_candidate(backwards: bool) -> None:
    sweep = MinGruSweep(F, H, backwards=backwards)
    features, state = torch.randn(B, T, F), torch.randn(B, H)

    outputs, after = sweep(features, None, state)

    for at in reversed(range(T)) if backwards else range(T):
        gate, candidate = sweep.gates(features[:, at]).chunk(2, dim=1)
        gate = torch.sigmoid(gate)
        state = (1 - gate) * state + gate * torch.tanh(candidate)
        torch.testing.assert_close(outputs[:, at], state)
    torch.testing.assert_close(after, state)


@SHAPES
@pytest.mark.parametrize("scripted", [False, True], ids=["eager", "scripted"])
def test_packed_rows_are_read_to_their_own_ends(
    n_layers: int, bidirectional: bool, scripted: bool
) -> None:
    cell, features = build(n_layers, bidirectional), torch.randn(B, T, F)
    packed = pack_padded_sequence(features, LENGTHS, batch_first=True, enforce_sorted=False)

    outputs, after = (torch.jit.script(Packed(cell)) if scripted else cell)(packed)

    padded, _ = pad_packed_sequence(outputs, batch_first=True)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, alone_after = cell(features[row : row + 1, :length])
        torch.testing.assert_close(padded[row : row + 1, :length], alone)
        torch.testing.assert_close(after[:, row : row + 1], alone_after)


class Packed(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, packed: nn.utils.rnn.PackedSequence) -> Any:
        return self.layer(packed)


@pytest.mark.parametrize("n_layers", [1, L])
def test_a_state_that_is_carried_goes_on_where_it_stopped(n_layers: int) -> None:
    cell, features = build(n_layers, bidirectional=False), torch.randn(B, T, F)

    whole, after = cell(features)
    first, between = cell(features[:, :4])
    second, after_both = cell(features[:, 4:], between)

    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(after_both, after)


def test_the_state_stays_float32_where_products_are_bfloat16() -> None:
    cell, features = build(), torch.randn(B, T, F)

    with torch.autocast("cpu", torch.bfloat16):
        outputs, after = cell(features)

    assert outputs.dtype == after.dtype == torch.float32
    expected: Tensor = cell(features)[0]
    torch.testing.assert_close(outputs, expected, atol=0.02, rtol=0.0)


def test_batches_come_first() -> None:
    with pytest.raises(ValueError, match="batches first"):
        MinGru(F, H, batch_first=False)
