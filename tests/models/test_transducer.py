from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.cells import CELLS
from models.transducer import Transducer, TransducerSizes

B, T, H, L = 3, 13, 7, 2
KINDS = [
    pytest.param((cell, half_life), id=f"{cell}, {'running' if half_life else 'fixed'} scale")
    for cell in sorted(CELLS)
    for half_life in (0.0, 50.0)
]


def transducer(kind: tuple[str, float] = ("lstm", 50.0)) -> Transducer:
    torch.manual_seed(5)
    cell, half_life = kind
    sizes = TransducerSizes(cell=cell, hidden_size=H, n_layers=L, scale_half_life=half_life)
    network = Transducer(sizes)
    network.set_units((0.3, 2.0), (-0.7, 3.0))
    return network.eval().requires_grad_(False)


def padded(signals: Sequence[Tensor], filler: float = 9.0) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(signal) for signal in signals])
    batch = torch.full((len(signals), int(lengths.max())), filler)
    for row, signal in zip(batch, signals, strict=True):
        row[: len(signal)] = signal
    return batch, lengths


def assert_near(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0.0, atol=1e-5)


def alone(network: Transducer, signal: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    outputs, states = network(signal[None], torch.tensor([len(signal)]), state[None])
    return outputs[0], states[0]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_a_row_s_answer_depends_on_nothing_but_its_own_samples_and_state(
    kind: tuple[str, float], lengths: list[int], seed: int
) -> None:
    network = transducer(kind)
    generator = torch.Generator().manual_seed(seed)
    signals = [torch.randn(length, generator=generator) for length in lengths]
    states = torch.rand(len(lengths), network.state_size, generator=generator)

    outputs, after = network(*padded(signals), states)

    for row, signal in enumerate(signals):
        expected, expected_after = alone(network, signal, states[row])
        assert_near(outputs[row, : len(signal)], expected)
        assert_near(after[row], expected_after)
        assert not outputs[row, len(signal) :].any()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10)
@given(pieces=st.lists(st.integers(1, 30), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_a_signal_may_be_cut_anywhere(
    kind: tuple[str, float], pieces: list[int], seed: int
) -> None:
    network = transducer(kind)
    signal = torch.randn(sum(pieces), generator=torch.Generator().manual_seed(seed))
    whole, after_all = alone(network, signal, torch.zeros(network.state_size))

    state, parts = torch.zeros(network.state_size), []
    for piece in torch.split(signal, pieces):
        part, state = alone(network, piece, state)
        parts.append(part)

    assert_near(torch.cat(parts), whole)
    assert_near(state, after_all)


def test_outputs_are_those_of_the_recurrent_layer_and_the_head() -> None:
    network = Transducer(TransducerSizes(cell="gru", hidden_size=H)).eval()
    signals = torch.randn(B, T)

    outputs, states = network(signals, torch.full((B,), T), torch.zeros(B, network.state_size))

    hidden, last = network.cell.cell.layer(signals.unsqueeze(2))
    torch.testing.assert_close(outputs, network.head(hidden).squeeze(2))
    torch.testing.assert_close(states, last.squeeze(0))


def test_an_lstm_s_state_is_its_hidden_units_and_then_its_memory() -> None:
    network = Transducer(TransducerSizes(cell="lstm", hidden_size=H)).eval()
    signals = torch.randn(B, T)

    _, states = network(signals, torch.full((B,), T), torch.zeros(B, network.state_size))

    _, (hidden, memory) = network.cell.cell.layer(signals.unsqueeze(2))
    assert network.state_size == 2 * H
    torch.testing.assert_close(states, torch.cat([hidden[0], memory[0]], dim=1))


def test_no_samples_leave_the_state_as_it_was() -> None:
    network = transducer()
    states = torch.rand(2, network.state_size)

    outputs, after = network(torch.ones(2, T), torch.tensor([0, 0]), states)

    assert not outputs.any()
    assert torch.equal(after[:, :-1], states[:, :-1])
    torch.testing.assert_close(after, states)


def test_with_a_running_scale_a_larger_signal_gets_an_equally_larger_answer() -> None:
    network = Transducer(TransducerSizes(hidden_size=H, scale_half_life=50.0)).eval()
    signals, lengths = torch.randn(B, T), torch.full((B,), T)
    states = torch.zeros(B, network.state_size)

    outputs, _ = network(signals, lengths, states)
    larger, _ = network(1000 * signals, lengths, states)

    torch.testing.assert_close(larger, 1000 * outputs, rtol=1e-5, atol=1e-4)


def test_silence_is_answered_with_a_number() -> None:
    network = transducer()
    outputs, states = alone(network, torch.full((T,), 0.3), torch.zeros(network.state_size))
    assert torch.isfinite(outputs).all()
    assert torch.isfinite(states).all()


def test_fixed_units_move_into_the_graph() -> None:
    network = Transducer(TransducerSizes(hidden_size=H)).eval()
    signal, state = torch.randn(T), torch.zeros(network.state_size)
    plain, _ = alone(network, signal, state)

    network.set_units((5.0, 10.0), (-2.0, 4.0))
    moved, _ = alone(network, 5.0 + 10.0 * signal, state)

    torch.testing.assert_close(moved, -2.0 + 4.0 * plain, rtol=1e-4, atol=1e-4)


def test_gradients_reach_every_weight_through_rows_of_different_lengths() -> None:
    network = Transducer(TransducerSizes(cell="lstm", hidden_size=H, n_layers=L))
    states = torch.zeros(B, network.state_size, requires_grad=True)

    outputs, after = network(torch.randn(B, T), torch.tensor([2, 13, 5]), states)
    (outputs.sum() + after.sum()).backward()

    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())
    assert states.grad is not None
    assert states.grad.abs().sum(dim=1).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"cell": "tcn"}, "cell must be one of"),
        ({"hidden_size": 0}, "at least 1"),
        ({"n_layers": 0}, "at least 1"),
        ({"scale_half_life": -1.0}, "at least 0"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(sizes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Transducer(TransducerSizes(**sizes))  # type: ignore[arg-type]
