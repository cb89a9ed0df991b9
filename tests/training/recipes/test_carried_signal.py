import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from training.errors import Interrupted
from training.loop import fit
from training.recipes.carried_signal import (
    CarriedSignalExperiment,
    CarriedSignalRecipe,
    CarriedSignalTask,
    Window,
    prepare,
    window_of,
)

CELLS = ["rnn", "gru", "lstm", "simple_rnn", "custom_lstm"]


def config(folder: Path = Path("nowhere"), **changes: Any) -> CarriedSignalRecipe:
    settings: dict[str, Any] = {"hidden_size": 5, "n_points": 9, "steps": 7, "validate_every": 3}
    return CarriedSignalRecipe(runs=folder, **(settings | changes))


def test_window_k_spans_k_pi_to_k_plus_1_pi() -> None:
    window = window_of(3, config())
    assert window.sine.shape == window.cosine.shape == (1, 9)
    assert float(window.cosine[0, 0]) == pytest.approx(math.cos(3 * math.pi))
    assert float(window.cosine[0, -1]) == pytest.approx(math.cos(4 * math.pi))
    assert float(window.sine[0, 4]) == pytest.approx(math.sin(3.5 * math.pi))


def test_without_its_end_point_a_window_repeats_no_sample() -> None:
    first, second = (window_of(k, config(end_point=False)) for k in (0, 1))
    assert float(first.cosine[0, -1]) == pytest.approx(math.cos(math.pi * 8 / 9))
    assert float(second.cosine[0, 0]) == pytest.approx(-1.0)


def test_the_training_is_that_of_a_notebook(tmp_path: Path) -> None:
    """An LSTM, a linear head, Adam, the states detached from window to window."""
    settings = config(tmp_path, cell="lstm", learning_rate=0.01)
    task = CarriedSignalTask(settings)
    lstm, head = nn.LSTM(1, 5, batch_first=True), nn.Linear(5, 1)
    lstm.load_state_dict(task.carrier.transducer.cell.cell.layer.state_dict())
    head.load_state_dict(task.carrier.transducer.head.state_dict())
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.01)
    states, losses = None, []
    for k in range(7):
        time = torch.linspace(k * math.pi, (k + 1) * math.pi, 9, dtype=torch.float64)
        hidden, states = lstm(time.sin().float().view(1, 9, 1), states)
        states = tuple(state.detach() for state in states)
        loss = nn.functional.mse_loss(head(hidden), time.cos().float().view(1, 9, 1))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))

    fit(task, settings)

    assert task.carrier.losses.tolist() == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_and_can_be_exported(cell: str, tmp_path: Path) -> None:
    experiment = prepare(config(tmp_path, cell=cell, steps=40, learning_rate=0.01))
    history = fit(experiment.task, experiment.task._config)
    losses = experiment.task.carrier.losses
    assert float(losses[-5:].mean()) < float(losses[:5].mean())
    outcome = experiment.outcome(history)
    assert outcome.figures["mse_of_last_20_windows"] == pytest.approx(float(losses[-20:].mean()))
    torch.jit.script(outcome.graph)


@pytest.mark.parametrize("cell", ["simple_rnn", "custom_lstm"])
def test_a_hand_written_cell_is_compared_with_torch(cell: str, tmp_path: Path) -> None:
    figures = trained(config(tmp_path, cell=cell)).figures
    assert figures["difference_from_torch"] <= 1e-6
    assert (figures["parameters_gru_to_rnn"], figures["parameters_lstm_to_rnn"]) == (3.0, 4.0)


def test_a_cell_of_torch_is_not_compared_with_itself(tmp_path: Path) -> None:
    assert "difference_from_torch" not in trained(config(tmp_path, cell="gru")).figures


def trained(settings: CarriedSignalRecipe) -> Any:
    experiment = CarriedSignalExperiment(settings)
    return experiment.outcome(fit(experiment.task, settings))


def test_what_is_carried_survives_an_interruption(tmp_path: Path) -> None:
    whole = CarriedSignalTask(config(tmp_path / "whole"))
    fit(whole, config(tmp_path / "whole"))

    class Stopped(CarriedSignalTask):
        def batch(self, step: int) -> Window:
            if step == 4:
                os.kill(os.getpid(), signal.SIGINT)
            return super().batch(step)

    with pytest.raises(Interrupted):
        fit(Stopped(config(tmp_path / "parts")), config(tmp_path / "parts"))
    resumed = CarriedSignalTask(config(tmp_path / "parts", resume=True))
    fit(resumed, config(tmp_path / "parts", resume=True))

    assert torch.equal(resumed.carrier.losses, whole.carrier.losses)
    assert torch.equal(resumed.carrier.state, whole.carrier.state)
