"""How gradients vanish and explode on their way back through time, and what clipping does.

A cell reads noise; one number is read off its last state and compared with the first input. The
gradient of that error, with respect to the state at each earlier step, says how much the step can
still learn from the end.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from models.cells import recurrent
from training.compare.request import CompareRequest
from training.devices import seed_everything
from training.report import new_figure, plot_style

CELLS = ("rnn", "lstm", "gru")
N_STEPS, N_ROWS = 60, 32
CLIP_NORM = 1.0
VISIBLE = 0.9  # a smaller change is no line of its own
GAINS = {"vanishing": 1.0, "exploding": 4.0}
COLOURS = {"rnn": "tab:blue", "lstm": "tab:orange", "gru": "tab:green"}


@dataclass(frozen=True)
class Norms:
    """One cell: norms of the gradient with respect to the state after each step, oldest first.

    ``weights`` is the norm of the gradient with respect to all weights, which clipping limits.
    """

    cell: str
    case: str
    states: list[float]
    weights: float

    @property
    def factor(self) -> float:
        """By how much clipping shrinks every gradient."""
        return min(1.0, CLIP_NORM / self.weights)

    @property
    def clipped(self) -> list[float]:
        """The same norms when the gradient of the weights is clipped to ``CLIP_NORM``."""
        return [norm * self.factor for norm in self.states]


def demonstrate(request: CompareRequest) -> None:
    """Write ``gradients.json`` and ``gradients.png``."""
    n_steps = 12 if request.smoke else N_STEPS
    found = [
        measure(cell, case, request.hidden_size, n_steps, request.seed)
        for case in GAINS
        for cell in CELLS
    ]
    rows = [asdict(norms) | {"clipped": norms.clipped} for norms in found]
    text = json.dumps({"clip_norm": CLIP_NORM, "gains": GAINS, "cells": rows}, indent=2)
    (request.folder / "gradients.json").write_text(text + "\n", encoding="utf-8")
    draw(found).savefig(request.folder / "gradients.png", dpi=90)


def measure(cell: str, case: str, hidden_size: int, n_steps: int, seed: int) -> Norms:
    """Gradients of one cell whose recurrent weights are ``GAINS[case]`` times the usual ones."""
    seed_everything(seed)
    network, head = recurrent(cell, 1, hidden_size), nn.Linear(hidden_size, 1)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if "weight_hh" in name:
                weights.mul_(GAINS[case])
    inputs = torch.randn(N_ROWS, n_steps, 1)
    states = unrolled(network, inputs)
    loss = nn.functional.mse_loss(head(states[-1][0][-1]), inputs[:, 0])
    parts = [part for state in states for part in state]
    learned = [*network.parameters(), *head.parameters()]
    gradients = torch.autograd.grad(loss, [*parts, *learned], materialize_grads=True)
    per_step = len(states[0])
    norms = [norm_of(gradients[i : i + per_step]) for i in range(0, len(parts), per_step)]
    return Norms(cell, case, norms, norm_of(gradients[len(parts) :]))


def unrolled(network: nn.Module, inputs: Tensor) -> list[tuple[Tensor, ...]]:
    """Run step by step; the state after every step, its parts (1, B, H) each."""
    state = network(inputs[:, :1])[1]
    states = [_parts(state)]
    for step in range(1, inputs.size(1)):
        state = network(inputs[:, step : step + 1], state)[1]
        states.append(_parts(state))
    return states


def norm_of(gradients: Sequence[Tensor]) -> float:
    """Euclidean norm of all of them together."""
    return float(torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt())


def draw(found: Sequence[Norms]) -> Figure:
    """A panel for each case; dashed where clipping changes the line."""
    with plot_style():
        figure = new_figure(9.0, 3.6)
        panels = figure.subplots(1, len(GAINS))
        for (case, gain), axes in zip(GAINS.items(), panels, strict=True):
            for norms in [one for one in found if one.case == case]:
                back = range(len(norms.states) - 1, -1, -1)
                colour = COLOURS[norms.cell]
                axes.semilogy(back, norms.states, color=colour, label=norms.cell)
                if norms.factor < VISIBLE:
                    label = f"{norms.cell}, clipped"
                    axes.semilogy(back, norms.clipped, "--", color=colour, label=label)
            axes.set(xlabel="steps back from the error", ylabel="norm of the gradient")
            usual = "as torch draws them" if gain == 1 else f"{gain:g} times as large"
            axes.set_title(f"{case}: recurrent weights {usual}", fontsize=10)
            axes.legend(fontsize=8)
    return figure


def _parts(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)
