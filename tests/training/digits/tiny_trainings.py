"""Trainings of a few steps on drawn digits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.digits.config import DigitsTraining
from training.digits.data import DigitData, LabelledImages
from training.digits.drawn import drawn_digits
from training.digits.runs import Run
from training.digits.teacher import TaughtTask

# A reader of few filters that is trained for moments, without teachers.
SMALL: Mapping[str, object] = {
    "hidden_size": 10,
    "n_filters": 4,
    "validate_every": 10,
    "batch_size": 16,
    "precision": "float32",
    "teachers": 0,
}


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


def teachers_given(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[nn.Module]]:
    """Filled while trainings run: the teachers of each, by its name."""
    given: dict[str, list[nn.Module]] = {}
    original = TaughtTask.__init__

    def spy(
        task: TaughtTask, data: DigitData, config: DigitsTraining, teachers: Sequence[nn.Module]
    ) -> None:
        given[config.name] = list(teachers)
        original(task, data, config, teachers)

    monkeypatch.setattr(TaughtTask, "__init__", spy)
    return given
