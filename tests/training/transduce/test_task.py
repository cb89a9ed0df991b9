import pytest
import torch

from training.transduce.config import TransducerTraining
from training.transduce.sources import load_source
from training.transduce.task import TransducerTask, relative_error, transduced

CONFIG = TransducerTraining(
    hidden_size=5, window_length=12, windows=4, batch_size=3, n_measured=2, settle=3
)


def task() -> TransducerTask:
    return TransducerTask(load_source(CONFIG), CONFIG)


def losses(trained: TransducerTask, steps: range) -> list[float]:
    return [float(trained.loss(trained.batch(step)).detach()) for step in steps]


def test_windows_in_a_row_give_the_loss_of_the_whole_signal() -> None:
    windowed = task()
    signals = load_source(CONFIG).batch(1)
    outputs = transduced(windowed.trained, signals.inputs)

    mean = sum(losses(windowed, range(4, 8))) / 4

    assert mean == pytest.approx(relative_error(outputs, signals) ** 2, rel=1e-4)


def test_a_training_that_goes_on_within_a_signal_finds_its_state_again() -> None:
    assert losses(task(), range(6, 8)) == pytest.approx(losses(task(), range(4, 8))[2:], rel=1e-5)


def test_no_gradient_flows_back_through_the_state() -> None:
    truncated = task()
    truncated.loss(truncated.batch(0))
    truncated.loss(truncated.batch(1)).backward()  # type: ignore[no-untyped-call]

    alone = task()
    alone._states = truncated._states
    state = alone._states_before(alone.batch(2), torch.device("cpu"))

    assert not state.requires_grad


def test_steps_move_on_to_the_next_signals() -> None:
    windowed = task()

    assert [windowed.batch(step).start for step in (0, 1, 3, 4)] == [0, 12, 36, 0]
    assert windowed.size(windowed.batch(2)) == 3 * 12


def test_validation_is_the_error_of_the_given_weights() -> None:
    trained = task()
    torch.nn.init.zeros_(trained.trained.head.weight)
    torch.nn.init.zeros_(trained.trained.head.bias)

    assert trained.validate(trained.network)["validation_error"] == pytest.approx(1.0, abs=0.15)
