"""The optimisers against those of a notebook: the same weights after the same steps."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from training.config import TrainingConfig
from training.loop import fit
from training.optimizers import clip_gradients, make_optimizer

INPUTS, TARGETS = torch.randn(8, 3), torch.randn(8, 2)
PLAIN: dict[str, Any] = {
    "steps": 7,
    "validate_every": 3,
    "learning_rate": 0.05,
    "schedule": "constant",
    "warmup_steps": 0,
    "average_decay": 0.0,
    "clip_norm": 0.0,
    "keep": "last",
}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


class Task:
    monitor, unit = "step", "rows"
    goal: Any = "min"

    def __init__(self) -> None:
        self.network = network()
        self.seen = 0.0

    def batch(self, step: int) -> Tensor:
        return INPUTS

    def size(self, batch: Tensor) -> int:
        return len(batch)

    def loss(self, batch: Tensor) -> Tensor:
        return 100 * nn.functional.mse_loss(self.network(batch), TARGETS)

    def validate(self, network: nn.Module) -> dict[str, float]:
        assert not network.training
        self.seen += 1.0
        return {"step": self.seen}  # only gets worse


def by_hand(optimizer: torch.optim.Optimizer, module: nn.Module) -> Tensor:
    for _ in range(7):
        optimizer.zero_grad()
        (100 * nn.functional.mse_loss(module(INPUTS), TARGETS)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)], ids=["adam", "sgd"]
)
def test_a_plain_optimiser_ends_where_a_notebook_ends(name: Any, kind: Any, tmp_path: Path) -> None:
    task, module = Task(), network()
    fit(task, TrainingConfig(runs=tmp_path, optimizer=name, weight_decay=0.3, **PLAIN))
    expected = by_hand(kind(module.parameters(), lr=0.05, weight_decay=0.3), module)
    weights = torch.cat([p.detach().flatten() for p in task.network.parameters()])
    torch.testing.assert_close(weights, expected, rtol=1e-5, atol=1e-6)


def test_adamw_decays_matrices_only() -> None:
    groups = make_optimizer(network(), TrainingConfig(weight_decay=0.3)).param_groups
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [
        (0.3, 1),
        (0.0, 1),
    ]


@pytest.mark.parametrize(("largest", "expected"), [(0.0, 5.0), (1.0, 1.0), (9.0, 5.0)])
def test_gradients_are_scaled_down_to_the_largest_norm(largest: float, expected: float) -> None:
    module = nn.Linear(2, 1, bias=False)
    module.weight.grad = torch.tensor([[3.0, 4.0]])
    clip_gradients(module, largest)
    assert float(module.weight.grad.norm()) == pytest.approx(expected, rel=1e-4)
