"""The hand-written cells against torch's own with the same weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.cells import recurrent
from models.fused_twins import fused_twin
from models.handwritten_cells import CustomLstm, SimpleRnn

B, T, F, H, L = 3, 11, 5, 7, 2
LENGTHS = torch.tensor([4, 11, 1])
TOLERANCE: dict[str, Any] = {"rtol": 0.0, "atol": 1e-6}
WRITTEN = pytest.mark.parametrize("cell", ["simple_rnn", "custom_lstm"])
SHAPES = pytest.mark.parametrize(
    ("n_layers", "bidirectional"),
    [(1, False), (L, False), (1, True), (L, True)],
    ids=["plain", "layers", "both directions", "layers and directions"],
)


def build(cell: str, n_layers: int = L, bidirectional: bool = True) -> Any:
    torch.manual_seed(0)
    return recurrent(cell, F, H, n_layers=n_layers, bidirectional=bidirectional).eval()


def random_state(cell: str, n_sweeps: int) -> Any:
    first, second = torch.randn(n_sweeps, B, H), torch.randn(n_sweeps, B, H)
    return (first, second) if cell == "custom_lstm" else first


@WRITTEN
@SHAPES
@pytest.mark.parametrize("carried", [False, True], ids=["fresh", "carried"])
def test_the_answers_are_those_of_torch(
    cell: str, n_layers: int, bidirectional: bool, carried: bool
) -> None:
    written = build(cell, n_layers, bidirectional)
    n_directions = 2 if bidirectional else 1
    state = random_state(cell, n_layers * n_directions) if carried else None
    features = torch.randn(B, T, F)

    outputs, after = written(features, state)

    assert outputs.shape == (B, T, n_directions * H)
    torch.testing.assert_close((outputs, after), fused_twin(written)(features, state), **TOLERANCE)


@WRITTEN
@SHAPES
@pytest.mark.parametrize("scripted", [False, True], ids=["eager", "scripted"])
def test_packed_rows_are_read_to_their_own_ends(
    cell: str, n_layers: int, bidirectional: bool, scripted: bool
) -> None:
    written = build(cell, n_layers, bidirectional)
    packed = pack_padded_sequence(
        torch.randn(B, T, F), LENGTHS, batch_first=True, enforce_sorted=False
    )

    expected, expected_after = fused_twin(written)(packed)
    outputs, after = (torch.jit.script(Packed(written)) if scripted else written)(packed)

    padded = pad_packed_sequence(outputs, batch_first=True)
    torch.testing.assert_close(
        (padded, after), (pad_packed_sequence(expected, batch_first=True), expected_after),
        **TOLERANCE,
    )  # fmt: skip


class Packed(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, packed: nn.utils.rnn.PackedSequence) -> Any:
        return self.layer(packed)


@WRITTEN
def test_a_scripted_cell_answers_like_the_original(cell: str) -> None:
    written = build(cell)
    features, state = torch.randn(B, T, F), random_state(cell, 2 * L)
    scripted = torch.jit.script(Carried(written, state))
    torch.testing.assert_close(scripted(features), written(features, state))


class Carried(nn.Module):
    """A network with a cell in it; a cell alone has two forward methods."""

    def __init__(self, layer: nn.Module, state: Any) -> None:
        super().__init__()
        self.layer = layer
        self.state = state

    def forward(self, features: Tensor) -> Any:
        return self.layer(features, self.state)


@WRITTEN
def test_a_row_gets_the_same_answer_alone_and_in_a_batch(cell: str) -> None:
    written, features = build(cell), torch.randn(B, T, F)
    together, _ = written(features)
    alone = torch.cat([written(row.unsqueeze(0))[0] for row in features])
    torch.testing.assert_close(together, alone)


@WRITTEN
def test_gradients_are_those_of_torch(cell: str) -> None:
    written, features = build(cell), torch.randn(B, T, F)
    twin = fused_twin(written)
    ours, theirs = features.clone().requires_grad_(), features.clone().requires_grad_()

    written(ours)[0].square().sum().backward()
    twin(theirs)[0].square().sum().backward()

    assert isinstance(ours.grad, Tensor)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5)


def test_parameters_of_rnn_gru_and_lstm_are_as_1_3_and_4() -> None:
    def count(cell: str) -> int:
        return sum(p.numel() for p in recurrent(cell, F, H, n_layers=L).parameters())

    assert (count("gru"), count("lstm")) == (3 * count("rnn"), 4 * count("rnn"))
    assert count("custom_lstm") == 4 * count("simple_rnn")


def test_a_custom_lstm_starts_uniformly() -> None:
    values = torch.cat([p.detach().flatten() for p in build("custom_lstm").parameters()])
    assert -0.08 <= float(values.min()) < -0.07
    assert 0.07 < float(values.max()) <= 0.08
    assert float(values.mean()) == pytest.approx(0.0, abs=0.005)


def test_dropout_is_between_layers_and_in_training_only() -> None:
    torch.manual_seed(0)
    written = SimpleRnn(F, H, num_layers=L, dropout=0.5)
    features = torch.randn(B, T, F)
    assert not torch.equal(written(features)[0], written(features)[0])
    written.eval()
    assert torch.equal(written(features)[0], written(features)[0])


@pytest.mark.parametrize("kind", [SimpleRnn, CustomLstm])
def test_time_first_is_refused(kind: type[SimpleRnn]) -> None:
    with pytest.raises(ValueError, match="batches first"):
        kind(F, H, batch_first=False)


def test_only_hand_written_cells_have_twins() -> None:
    broken = SimpleRnn(F, H)
    broken.layers.sweeps[0] = nn.Linear(F, H)
    with pytest.raises(TypeError, match="not a hand-written cell"):
        fused_twin(broken)
