import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.export_folder import read_manifest
from models.manifest import Method, Metric, TensorSpec
from training.draft import Draft
from training.errors import ExportError
from training.export import to_json, write_export

B, T, Q = 2, 5, 3


class Doubled(nn.Module):
    """mean = 2 x the sum of the known values, at every one of Q steps; size = how many."""

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        known = torch.where(torch.isnan(values), torch.zeros_like(values), values)
        total = 2.0 * known.sum(1, keepdim=True)
        return total.expand(-1, 3), (~torch.isnan(values)).sum(1)


class Unsteady(Doubled):
    """Answers otherwise as soon as it is scripted."""

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        shift = 1.0 if torch.jit.is_scripting() else 0.0  # type: ignore[attr-defined]
        return torch.zeros(values.size(0), 3) + shift, torch.zeros(
            values.size(0), dtype=torch.int64
        )


GOLDEN = np.array([[1, np.nan, 2, 3, 4], [5, 6, 7, 8, np.nan]], dtype=np.float32)
DRAFT = Draft(
    name="tiny",
    task="forecast",
    inputs=(TensorSpec("values", "float32", (-1, -1), ("batch", "time")),),
    outputs=(
        TensorSpec("mean", "float32", (-1, Q), ("batch", "horizon")),
        TensorSpec("size", "int64", (-1,), ("batch",)),
    ),
    parameters={"horizon": Q},
    golden=[{"values": GOLDEN}],
    metrics=[Metric("mase", "pool", "validation", 0.8)],
    training={"seed": 7},
    data=[],
    licence="Apache-2.0",
    report_html="<!doctype html>",
    files={"words.txt": b"a\nb\n"},
)


def test_an_export_is_complete_and_its_digests_hold(tmp_path: Path) -> None:
    folder = write_export(Doubled(), DRAFT, tmp_path)
    manifest = read_manifest(folder)
    assert folder == tmp_path / "tiny" / "1"
    assert set(manifest.files) == {"model.pt", "golden.json", "report.html", "words.txt"}
    assert manifest.versions["torch"] == torch.__version__


def test_golden_answers_are_those_of_the_network(tmp_path: Path) -> None:
    folder = write_export(Doubled(), DRAFT, tmp_path)
    example = json.loads((folder / "golden.json").read_text())["examples"][0]
    assert example["inputs"]["values"][0] == [1.0, None, 2.0, 3.0, 4.0]
    assert example["outputs"] == {"mean": [[20.0] * Q, [52.0] * Q], "size": [4, 4]}


def test_the_graph_loads_without_this_project_s_classes(tmp_path: Path) -> None:
    folder = write_export(Doubled(), DRAFT, tmp_path)
    mean, _ = torch.jit.load(str(folder / "model.pt"))(torch.ones(B, T))  # type: ignore[no-untyped-call]
    assert mean.tolist() == [[10.0] * Q] * B


def test_a_second_export_is_the_next_version(tmp_path: Path) -> None:
    write_export(Doubled(), DRAFT, tmp_path)
    assert write_export(Doubled(), DRAFT, tmp_path).name == "2"


def test_a_graph_that_answers_otherwise_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="answers otherwise than the network: mean"):
        write_export(Unsteady(), DRAFT, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shape", "dtype", "axes"),
    [((-1, Q + 1), "float32", 2), ((-1,), "float32", 1), ((-1, Q), "int64", 2)],
    ids=["size", "rank", "dtype"],
)
def test_an_output_other_than_declared_is_not_exported(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, axes: int
) -> None:
    wrong = TensorSpec("mean", dtype, shape, ("batch", "horizon")[:axes])
    with pytest.raises(ExportError, match="output mean is float32"):
        write_export(Doubled(), replace(DRAFT, outputs=(wrong, DRAFT.outputs[1])), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_json_has_null_for_nan_and_keeps_whole_numbers() -> None:
    assert to_json(GOLDEN[0]) == [1.0, None, 2.0, 3.0, 4.0]
    assert to_json(np.array([[3]])) == [[3]]


class Scaled(nn.Module):
    """Doubles in ``forward``; ``score`` multiplies by what each row is told."""

    def forward(self, values: Tensor) -> Tensor:
        return 2.0 * values

    def score(self, values: Tensor, factors: Tensor) -> Tensor:
        return values * factors.unsqueeze(1)


VALUES = TensorSpec("values", "float32", (-1, -1), ("batch", "time"))
SCALED = replace(
    DRAFT,
    inputs=(VALUES,),
    outputs=(replace(VALUES, name="scaled"),),
    golden=[{"values": np.ones((B, T), dtype=np.float32)}],
    methods={
        "score": Method(
            (VALUES, TensorSpec("factors", "int64", (-1,), ("batch",))),
            (replace(VALUES, name="scores"),),
        )
    },
    method_golden={"score": [{"values": np.ones((B, 2), np.float32), "factors": np.array([3, 5])}]},
)


def test_further_methods_are_exported_with_their_golden_answers(tmp_path: Path) -> None:
    torch.jit.script(Scaled())  # what was scripted before without them does not stand in the way
    folder = write_export(Scaled(), SCALED, tmp_path)
    examples = json.loads((folder / "golden.json").read_text())["examples"]
    graph = torch.jit.load(str(folder / "model.pt"))  # type: ignore[no-untyped-call]

    assert read_manifest(folder).methods == SCALED.methods
    assert [example["method"] for example in examples] == ["forward", "score"]
    assert examples[1]["outputs"] == {"scores": [[3.0, 3.0], [5.0, 5.0]]}
    assert graph.score(torch.ones(1, T), torch.tensor([7])).tolist() == [[7.0] * T]


@pytest.mark.parametrize(
    ("examples", "message"),
    [({}, r"\['score'\] lack one"), ({"score": []}, r"\['score'\] lack one")],
    ids=["none", "empty"],
)
def test_a_method_without_an_example_is_not_exported(
    tmp_path: Path, examples: dict[str, list[Any]], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        write_export(Scaled(), replace(SCALED, method_golden=examples), tmp_path)


def test_an_example_of_an_unknown_method_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\['score'\] are no methods"):
        write_export(Scaled(), replace(SCALED, methods={}), tmp_path)
