"""Networks that know one step, iterated: padding and neighbours change nothing."""

import pytest
import torch
from torch import Tensor, nn

from models.step_networks import (
    LARGEST,
    Dense,
    Reader,
    SeriesNetwork,
    WindowNetwork,
    initialise,
    newest_values,
)

B, T, W, Q = 3, 11, 4, 5
CELLS = ["rnn", "lstm", "gru", "simple_rnn", "custom_lstm"]


def padded(row: Tensor, length: int) -> tuple[Tensor, Tensor]:
    short = length - len(row)
    scaled = torch.cat([torch.zeros(short), row]).unsqueeze(0)
    return scaled, (torch.arange(length) >= short).unsqueeze(0)


class Sum(nn.Module):
    """Predicts the sum of what it reads."""

    def forward(self, windows: Tensor) -> Tensor:
        return windows.sum(1)


def test_a_window_network_feeds_its_answers_back() -> None:
    scaled = torch.tensor([[9.0, 1.0, 2.0]])
    path = WindowNetwork(Sum(), 2)(scaled, torch.ones(1, 3, dtype=torch.bool), Q)
    assert path.tolist() == [[3.0, 5.0, 8.0, 13.0, 21.0]]


def test_blocks_of_a_window_are_averaged() -> None:
    network = WindowNetwork(Sum(), 4, block=2)
    assert network.predict(torch.tensor([[1.0, 3.0, 10.0, 20.0]])).tolist() == [17.0]


def test_a_row_shorter_than_the_window_is_begun_with_its_first_value() -> None:
    scaled, inside = padded(torch.tensor([5.0, 6.0]), T)
    assert newest_values(scaled, inside, W).tolist() == [[5.0, 5.0, 5.0, 6.0]]
    whole = torch.ones(1, 2, dtype=torch.bool)
    assert newest_values(scaled[:, -2:], whole, W).tolist() == [[5.0, 5.0, 5.0, 6.0]]


def test_a_window_that_blocks_do_not_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of block, got 5 and 2"):
        WindowNetwork(Sum(), 5, block=2)


def test_however_a_network_explodes_its_path_stays_finite() -> None:
    path = WindowNetwork(Sum(), W)(torch.full((1, T), 1e4), torch.ones(1, T).bool(), 200)
    assert float(path.max()) == LARGEST


@pytest.mark.parametrize("cell", CELLS)
def test_a_path_is_the_network_run_on_over_its_own_answers(cell: str) -> None:
    torch.manual_seed(0)
    network = SeriesNetwork(cell, 6, n_layers=2, relu=True).eval()
    scaled = torch.randn(1, T)
    with torch.no_grad():
        path = network(scaled, torch.ones(1, T, dtype=torch.bool), Q)
        for step in range(Q):
            following = network.sequence(torch.cat([scaled, path[:, :step]], 1))[:, -1]
            torch.testing.assert_close(path[:, step], following, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_in_front_and_neighbours_change_no_path(cell: str) -> None:
    torch.manual_seed(1)
    network = SeriesNetwork(cell, 6, n_layers=2).eval()
    rows = [torch.randn(n) for n in (T, 4, 1)]
    together = [padded(row, T) for row in rows]
    scaled, inside = (torch.cat(part) for part in zip(*together, strict=True))
    with torch.no_grad():
        paths = network(scaled, inside, Q)
        for row, path in zip(rows, paths, strict=True):
            alone = network(*padded(row, len(row)), Q)[0]
            torch.testing.assert_close(path, alone, atol=1e-5, rtol=1e-5)


def test_bodies_answer_one_number_a_window() -> None:
    windows = torch.randn(7, W)
    assert Dense(W, [6, 5])(windows).shape == Reader("gru", 6)(windows).shape == (7,)
    relus = [layer for layer in Dense(W, [6, 5]).layers if isinstance(layer, nn.ReLU)]
    assert len(relus) == 2


def test_initialisations_are_what_they_are_called() -> None:
    rnn, dense = SeriesNetwork("rnn", 6, n_layers=2), Dense(300, [400])
    initialise(rnn, "orthogonal")
    recurrent = dict(rnn.cell.named_parameters())["weight_hh_l1"]
    torch.testing.assert_close(recurrent @ recurrent.T, torch.eye(6), atol=1e-5, rtol=0.0)
    initialise(dense, "he")
    first = next(dense.parameters())
    assert float(first.detach().std()) == pytest.approx((2 / 300) ** 0.5, rel=0.05)
    assert not dict(dense.named_parameters())["layers.0.bias"].any()


def test_an_unknown_initialisation_is_refused() -> None:
    with pytest.raises(ValueError, match="initialisation must be one of"):
        initialise(Dense(2, [3]), "xavier")
