"""An export of digits is measured in bfloat16 on the validation images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from models.manifest import TensorSpec
from models.row_classifier import RowClassifier, RowClassifierSizes, RowProbabilities
from training.digits.data import load_digits
from training.digits.precision import measure_precision
from training.draft import Draft
from training.export import write_export


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    sizes = RowClassifierSizes(cell="lstm", n_classes=10, hidden_size=8, n_filters=0)
    draft = Draft(
        name="tiny",
        task="classify",
        inputs=(TensorSpec("images", "float32", (-1, 28, 28), ("batch", "row", "column")),),
        outputs=(TensorSpec("probabilities", "float32", (-1, 10), ("batch", "class")),),
        parameters={},
        golden=[{"images": np.zeros((1, 28, 28), np.float32)}],
        metrics=[],
        training={},
        data=[],
        licence="",
        report_html="",
    )
    return write_export(RowProbabilities(RowClassifier(sizes)), draft, tmp_path)


def test_accuracy_and_likelihood_are_noted_in_both_precisions(folder: Path) -> None:
    measure_precision(folder, load_digits(None, smoke=True))
    entry = read_manifest(folder).reduced_precision

    assert entry is not None
    assert [metric.name for metric in entry.metrics] == [
        "accuracy",
        "log-likelihood",
        "largest difference",
    ]
    for metric in entry.metrics[:2]:
        assert metric.value == pytest.approx(metric.baselines["float32"], abs=5e-3)
    assert 0 < entry.metrics[2].value < entry.tolerance < 0.1
