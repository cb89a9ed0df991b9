"""Exports are measured in bfloat16 before the service may use it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.export_folder import read_manifest
from models.manifest import TensorSpec
from training import reduced_precision
from training.draft import Draft
from training.errors import ExportError
from training.export import write_export
from training.reduced_precision import Array, Measurement, add_reduced_precision

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


class Switched(nn.Module):
    """Halves are lost in whole numbers, once it is told to use them; names are told apart."""

    multiplies_int8: bool

    def __init__(self) -> None:
        super().__init__()
        self.multiplies_int8 = False

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        names = torch.full((rows.size(0),), 4 if self.multiplies_int8 else 900)
        return (rows.round() if self.multiplies_int8 else rows), names


def total(answers: Array, *_: Array) -> dict[str, float]:
    return {"total": float(answers.sum())}


MEASURED = Measurement(data="three rows", inputs=INPUTS, figures=total)


def test_the_manifest_gains_the_figures_in_both_precisions(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Same(), draft, tmp_path)
    before = read_manifest(folder)
    add_reduced_precision(folder, "bfloat16", [MEASURED], may_lose=2.0)
    after = read_manifest(folder)  # checks the digests too
    entry = after.reduced_precision

    assert entry is not None
    assert (entry.dtype, entry.tolerance) == ("bfloat16", round(2 / 257, 4))
    assert [(m.name, m.value, m.baselines) for m in entry.metrics] == [
        ("total", 293.0, {"float32": 294.0}),
        ("largest difference", pytest.approx(1 / 257), {}),
    ]
    assert after.files == before.files


def test_what_loses_too_much_is_not_allowed(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Same(), draft, tmp_path)
    with pytest.raises(ExportError, match=r"total falls from 294\.0+ to 293\.0+"):
        add_reduced_precision(folder, "bfloat16", [MEASURED], may_lose=0.5)

    assert read_manifest(folder).reduced_precision is None


def test_answers_that_depend_on_their_batch_are_not_allowed(tmp_path: Path, draft: Draft) -> None:
    folder = write_export(Neighbourly(), draft, tmp_path)
    with pytest.raises(ExportError, match="between sizes of batches"):
        add_reduced_precision(folder, "bfloat16", [MEASURED], may_lose=9.0)


def test_rows_beyond_one_pass_are_measured_too(
    tmp_path: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduced_precision, "ROWS_A_PASS", 2)
    folder = write_export(Same(), draft, tmp_path)
    entry = add_reduced_precision(folder, "bfloat16", [MEASURED], may_lose=2.0)

    assert entry.metrics[0].value == 293.0


def test_other_data_than_that_of_validation_is_noted_but_decides_nothing(
    tmp_path: Path, draft: Draft
) -> None:
    folder = write_export(Same(), draft, tmp_path)
    whole = Measurement(
        data="one row", inputs=[np.ones((1, 3), np.float32)], figures=total, note="all ones"
    )
    unseen = Measurement(data="unseen", inputs=INPUTS, figures=total, split="evaluation")
    entry = add_reduced_precision(folder, "bfloat16", [whole, unseen], may_lose=0.5)

    assert [(m.data, m.split, m.value, m.note) for m in entry.metrics[:2]] == [
        ("one row", "validation", 3.0, "all ones"),
        ("unseen", "evaluation", 293.0, ""),
    ]


def test_what_computes_in_int8_is_told_to_and_names_have_no_distance(
    tmp_path: Path, draft: Draft
) -> None:
    names = TensorSpec("names", "int64", (-1,), ("batch",))
    folder = write_export(Switched(), replace(draft, outputs=(*draft.outputs, names)), tmp_path)
    halves = [np.array([[1.5, 2.0, 3.0]], np.float32)]
    measured = Measurement(data="halves", inputs=halves, figures=total)
    entry = add_reduced_precision(folder, "int8", [measured], may_lose=1.0)

    assert (entry.dtype, entry.tolerance) == ("int8", round(2 * 0.5 / 3, 4))
    assert (entry.metrics[0].value, entry.metrics[0].baselines) == (7.0, {"float32": 6.5})
