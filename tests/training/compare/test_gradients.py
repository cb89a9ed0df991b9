"""Gradients on their way back through time, checked where they are known."""

import json
from pathlib import Path

import pytest
import torch

from models.cells import recurrent
from training.compare.gradients import CLIP_NORM, Norms, demonstrate, measure, norm_of, unrolled
from training.compare.request import CompareRequest


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_step_by_step_is_the_same_as_in_one_go(name: str) -> None:
    cell, inputs = recurrent(name, 1, 5), torch.randn(3, 7, 1)
    states = unrolled(cell, inputs)
    outputs, _ = cell(inputs)
    assert len(states) == 7
    for step, state in enumerate(states):
        torch.testing.assert_close(state[0][0], outputs[:, step])


def test_as_they_are_drawn_gradients_vanish_and_clipping_changes_nothing() -> None:
    for cell in ("rnn", "lstm", "gru"):
        norms = measure(cell, "vanishing", 16, 40, 0)
        assert len(norms.states) == 40
        assert norms.states[0] < 1e-5 * norms.states[-1]


def test_large_weights_explode_in_an_rnn_and_far_less_behind_gates() -> None:
    growth = {
        cell: (one := measure(cell, "exploding", 64, 40, 0)).states[0] / one.states[-1]
        for cell in ("rnn", "lstm", "gru")
    }
    assert growth["rnn"] > 100
    assert growth["rnn"] > 100 * max(growth["lstm"], growth["gru"])


def test_clipping_shrinks_every_step_alike() -> None:
    norms = Norms("rnn", "exploding", [50.0, 5.0], weights=10.0 * CLIP_NORM)
    assert norms.clipped == [5.0, 0.5]
    assert Norms("rnn", "vanishing", [0.2], weights=0.5 * CLIP_NORM).clipped == [0.2]


def test_a_norm_is_that_of_all_parts_together() -> None:
    assert norm_of([torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])]) == 5.0


def test_the_demonstration_writes_a_plot_and_its_numbers(tmp_path: Path) -> None:
    demonstrate(CompareRequest(folder=tmp_path, smoke=True, hidden_size=5))
    found = json.loads((tmp_path / "gradients.json").read_text())
    assert [row["cell"] for row in found["cells"]] == ["rnn", "lstm", "gru"] * 2
    assert (tmp_path / "gradients.png").read_bytes().startswith(b"\x89PNG")
