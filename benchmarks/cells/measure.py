"""Export a small classifier with each cell, then time all of them in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.cells import CELLS
from models.export_folder import read_manifest
from models.last_step_classifier import LastStepClassifier
from models.manifest import TensorSpec
from service.runtime import TorchScriptModel
from training.draft import Draft
from training.export import write_export

FUSED = {"simple_rnn": "rnn", "custom_lstm": "lstm"}  # the hand-written ones do the same
BATCHES = (1, 32)
TRAINING_BATCH = 32
SIDE, N_CLASSES = 28, 10


@dataclass
class Cost:
    """Parameters of the recurrent layer and seconds of the fastest pass and training step."""

    cell: str
    n_parameters: int
    pass_1_s: float
    pass_32_s: float
    training_step_s: float


def measure(folder: Path, *, hidden_size: int, repeats: int) -> list[Cost]:
    """One round is every cell once, so that a busy moment of the machine hits all alike."""
    jobs = [_jobs(cell, hidden_size, folder) for cell in CELLS]
    fastest = [[float("inf")] * len(each) for _, each in jobs]
    for _ in range(repeats):
        for at, (_, each) in enumerate(jobs):
            for number, job in enumerate(each):
                fastest[at][number] = min(fastest[at][number], _seconds(job))
    return [
        Cost(cell, n_parameters, *times)
        for cell, (n_parameters, _), times in zip(CELLS, jobs, fastest, strict=True)
    ]


def relative(cost: Cost, costs: list[Cost]) -> dict[str, float]:
    """Times of a hand-written cell as multiples of the fused one's; empty for the fused."""
    twins = [other for other in costs if other.cell == FUSED.get(cost.cell)]
    times = ("pass_1_s", "pass_32_s", "training_step_s")
    return {name: getattr(cost, name) / getattr(twin, name) for twin in twins for name in times}


def _jobs(cell: str, hidden_size: int, folder: Path) -> tuple[int, list[Callable[[], Any]]]:
    torch.manual_seed(0)
    network = LastStepClassifier(cell, step_size=SIDE, hidden_size=hidden_size, n_classes=N_CLASSES)
    model = _exported(network, cell, folder)
    passes = [_pass(model, n_images) for n_images in BATCHES]
    n_parameters = sum(parameter.numel() for parameter in network.cell.parameters())
    return n_parameters, [*passes, _training_step(network)]


def _pass(model: TorchScriptModel, n_images: int) -> Callable[[], Any]:
    images = np.random.default_rng(0).uniform(0, 255, (n_images, SIDE, SIDE)).astype(np.float32)
    for _ in range(3):  # TorchScript compiles in the first passes
        model.run({"images": images})
    return lambda: model.run({"images": images})


def _training_step(network: nn.Module) -> Callable[[], None]:
    images = torch.rand(TRAINING_BATCH, SIDE, SIDE) * 255
    labels = torch.arange(TRAINING_BATCH) % N_CLASSES
    optimizer = torch.optim.Adam(network.parameters(), fused=True)

    def step() -> None:
        network.train()
        loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def _exported(network: nn.Module, cell: str, folder: Path) -> TorchScriptModel:
    draft = Draft(
        name=cell,
        task="classify",
        inputs=(TensorSpec("images", "float32", (-1, SIDE, SIDE), ("batch", "row", "column")),),
        outputs=(TensorSpec("logits", "float32", (-1, N_CLASSES), ("batch", "class")),),
        parameters={},
        golden=[{"images": np.zeros((2, SIDE, SIDE), np.float32)}],
        metrics=[],
        training={},
        data=[],
        licence="",
        report_html="",
    )
    export = write_export(network, draft, folder)
    return TorchScriptModel(export, read_manifest(export))


def _seconds(job: Callable[[], Any]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started
