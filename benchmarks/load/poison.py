"""One item on which the model fails, among good ones: only its sender gets the error."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from torch import Tensor, nn

from benchmarks.load.caller import Answer, Caller, Target, post
from models.manifest import TensorSpec
from training.draft import Draft
from training.export import write_export

GOOD, POISON = 0.0, 255.0
# The log tells of each of them at length.
EVERY_S = 0.2


class Fragile(nn.Module):
    """Takes a while, and fails on a batch with an all-white image in it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(784))

    def forward(self, images: Tensor) -> Tensor:
        """Shape: images (B, 28, 28) in, probabilities (B, 10) out."""
        if bool((images.mean(dim=(1, 2)) > 254.0).any()):
            raise ValueError("an image of nothing but white")
        mixed = images.flatten(1) @ self.weight
        return torch.softmax(mixed[:, :10], dim=1)


def write_fragile(repository: Path) -> None:
    """An export of the name and the contract of the shipped classifier."""
    draft = Draft(
        name="digits",
        task="classify",
        inputs=(TensorSpec("images", "float32", (-1, 28, 28), ("batch", "row", "column")),),
        outputs=(TensorSpec("probabilities", "float32", (-1, 10), ("batch", "class")),),
        parameters={"classes": list("0123456789"), "image_size": 28},
        golden=[{"images": np.full((2, 28, 28), 51, dtype=np.float32)}],
        metrics=[],
        training={},
        data=[],
        licence="none: made by a benchmark",
        report_html="<p>made by a benchmark</p>",
    )
    write_export(Fragile(), draft, repository)


def image(grey: float) -> bytes:
    """A request with one image of one grey."""
    return post("/classify", orjson.dumps({"images": [[[grey] * 28] * 28]}))


async def poison(target: Target, *, seconds: float, connections: int = 64) -> dict[str, Any]:
    """Statuses that good requests got over 64 connections, and those of poisoned ones."""
    good: Counter[int] = Counter()
    bad: Counter[int] = Counter()
    request, running = image(GOOD), True

    def again(caller: Caller, answer: Answer) -> None:
        good[answer.status] += 1
        if running:
            caller.send(request, 0.0)

    callers = [await target.connect(again) for _ in range(connections)]
    for caller in callers:
        caller.send(request, 0.0)
    for _ in range(round(seconds / EVERY_S)):
        answer, _ = await target.ask(image(POISON))
        bad[answer.status] += 1
        await asyncio.sleep(EVERY_S)
    running = False
    for caller in callers:
        caller.close()
    return {"good": dict(good), "poisoned": dict(bad)}
