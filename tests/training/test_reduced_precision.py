"""Exports are measured in bfloat16 before the service may use it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.manifest import TensorSpec, read_manifest
from training import reduced_precision
from training.errors import ExportError
from training.export import Draft, write_export
from training.reduced_precision import Array, add_reduced_precision

ROWS = TensorSpec("rows", "float32", (-1, 3), ("batch", "column"))
INPUTS = [np.array([[1, 2, 3], [4, 5, 6], [7, 257, 9]], dtype=np.float32)]


class Same(nn.Module):
    """A matrix product that changes nothing, where numbers have room: 257 has no bfloat16."""

    def forward(self, rows: Tensor) -> Tensor:
        return rows @ torch.eye(3)


class Neighbourly(Same):
    """An answer depends on how many rows are in the batch."""

    def forward(self, rows: Tensor) -> Tensor:
        return rows @ torch.eye(3) + rows.size(0)


@pytest.fixture
def draft() -> Draft:
    return Draft(
        name="tiny",
        task="classify",
        inputs=(ROWS,),
        outputs=(TensorSpec("same", "float32", (-1, 3), ("batch", "column")),),
        parameters={},
        golden=[{"rows": INPUTS[0]}],
        metrics=[],
        training={},
        data=[],
        licence="",
        report_html="",
    )


def total(answers: Array) -> dict[str, float]:
    return {"total": float(answers.sum())}


def test_the_manifest_gains_the_figures_in_both_precisions(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Same(), draft, tmp_path)
    before = read_manifest(folder)
    add_reduced_precision(folder, INPUTS, total, data="three rows", may_lose=2.0)
    after = read_manifest(folder)  # checks the digests too
    entry = after.reduced_precision

    assert entry is not None
    assert (entry.dtype, entry.tolerance) == ("bfloat16", 2.0)
    assert [(m.name, m.value, m.baselines) for m in entry.metrics] == [
        ("total", 293.0, {"float32": 294.0}),
        ("largest difference", 1.0, {}),
    ]
    assert after.files == before.files


def test_what_loses_too_much_is_not_allowed(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Same(), draft, tmp_path)
    with pytest.raises(ExportError, match=r"total falls from 294\.0+ to 293\.0+"):
        add_reduced_precision(folder, INPUTS, total, data="three rows", may_lose=0.5)

    assert read_manifest(folder).reduced_precision is None


def test_answers_that_depend_on_their_batch_are_not_allowed(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Neighbourly(), draft, tmp_path)
    with pytest.raises(ExportError, match="between sizes of batches"):
        add_reduced_precision(folder, INPUTS, total, data="three rows", may_lose=9.0)


def test_rows_beyond_one_pass_are_measured_too(
    tmp_path: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduced_precision, "ROWS_A_PASS", 2)
    folder = write_export(Same(), draft, tmp_path)
    entry = add_reduced_precision(folder, INPUTS, total, data="three rows", may_lose=2.0)

    assert entry.metrics[0].value == 293.0
