"""Where a training runs, and how it is made repeatable."""

import random

import numpy as np
import torch

from training.config import Precision
from training.errors import DataError


def resolve_device(name: str) -> torch.device:
    """``auto`` takes a GPU where there is one.

    Raises:
        DataError: ``cuda`` was asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise DataError("--device cuda: torch sees no GPU here; use --device cpu or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def supported_precision(wanted: Precision, device: str) -> Precision:
    """``float32`` instead of ``bfloat16`` where the processor would only emulate it."""
    on_cpu = resolve_device(device).type == "cpu"
    if wanted == "bfloat16" and on_cpu and not torch.cpu._is_avx512_bf16_supported():
        return "float32"
    return wanted


def seed_everything(seed: int, step: int = 0) -> None:
    """Seed Python, numpy and torch from (seed, step), so that any step can be repeated alone."""
    mixed = int(np.random.SeedSequence([seed, step]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)
    _seed_torch(mixed)


def _seed_torch(seed: int) -> None:
    """As ``torch.manual_seed``, which without a GPU keeps a stack trace for each call, for ever."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def step_generator(seed: int, step: int) -> np.random.Generator:
    """The random numbers of one batch: the same for the same seed and step, always."""
    return np.random.default_rng([seed, step])
