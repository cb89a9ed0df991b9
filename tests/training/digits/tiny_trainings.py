"""Trainings of a few steps on drawn digits."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.digits.config import DigitsTraining
from training.digits.data import DigitData, LabelledImages
from training.digits.drawn import drawn_digits
from training.digits.runs import Run


def configured(folder: Path, *settings: Mapping[str, object]) -> DigitsTraining:
    """Settings, the later ones first, with all places below ``folder``."""
    merged: dict[str, object] = {"repository": folder / "repository", "runs": folder / "runs"}
    for each in settings:
        merged |= each
    return DigitsTraining(**merged)  # type: ignore[arg-type]


def drawn_data() -> DigitData:
    """Thirty images, twenty of them for validation and test as well."""
    every = LabelledImages(*drawn_digits(3))
    part = every.take(np.arange(20))
    return DigitData("drawn", tuple("0123456789"), every, part, part)


def weights(run: Run) -> Tensor:
    """All weights of a run's network in a row."""
    return torch.cat([weight.flatten() for weight in run.network.parameters()]).detach()
