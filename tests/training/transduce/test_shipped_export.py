"""The export that ships: as good as its manifest says, and better than any linear filter."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from training.transduce.config import TransducerTraining
from training.transduce.signals import Signals
from training.transduce.sources import load_source
from training.transduce.task import relative_error

FOLDER = Path(__file__).resolve().parents[3] / "models" / "repository" / "transducer" / "1"


def answered(signals: Signals) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    graph = torch.jit.load(FOLDER / "model.pt")  # type: ignore[no-untyped-call]
    n_signals, length = signals.inputs.shape
    states = torch.zeros(n_signals, read_manifest(FOLDER).parameters["state_size"])
    with torch.inference_mode():
        outputs, _ = graph(
            torch.from_numpy(signals.inputs), torch.full((n_signals,), length), states
        )
    found: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = outputs.numpy()
    return found


def test_the_error_in_the_manifest_can_be_measured_again() -> None:
    signals = load_source(TransducerTraining()).test
    metric = next(each for each in read_manifest(FOLDER).metrics if each.split == "test")

    assert relative_error(answered(signals), signals) == pytest.approx(metric.value, rel=1e-3)
    assert metric.value < 0.25 * min(metric.baselines.values())


def test_it_was_trained_by_the_command_in_the_docs() -> None:
    training = read_manifest(FOLDER).training

    assert training["command"] == "seqserve train transducer --threads 1"
    assert training["steps"] == training["config"]["steps"] == TransducerTraining().steps
