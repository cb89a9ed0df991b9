"""From the options to an optimiser: what the families use, and what textbooks use."""

from typing import Any

import torch
from torch import nn

from training.config import TrainingConfig


def make_optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """The optimiser that ``config.optimizer`` names.

    AdamW decays matrices only, as suits large networks. Adam and SGD treat every weight alike, as
    a plain ``torch.optim.Adam(network.parameters(), ...)`` does.

    Source: Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101.
    """
    if config.optimizer == "adamw":
        return torch.optim.AdamW(_parameter_groups(network, config), fused=True)
    kind: Any = torch.optim.Adam if config.optimizer == "adam" else torch.optim.SGD
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer: torch.optim.Optimizer = kind(
        trained, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    return optimizer


def clip_gradients(network: nn.Module, largest_norm: float) -> None:
    """Scale the gradients down to ``largest_norm`` where they exceed it; 0 leaves them alone."""
    if largest_norm:
        nn.utils.clip_grad_norm_(network.parameters(), largest_norm)


def _parameter_groups(network: nn.Module, config: TrainingConfig) -> list[dict[str, Any]]:
    matrices = [p for p in network.parameters() if p.requires_grad and p.dim() >= 2]
    vectors = [p for p in network.parameters() if p.requires_grad and p.dim() < 2]
    groups = [(matrices, config.weight_decay), (vectors, 0.0)]
    return [
        {"params": params, "weight_decay": decay, "lr": config.learning_rate}
        for params, decay in groups
        if params
    ]
