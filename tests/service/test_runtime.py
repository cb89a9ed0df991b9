"""TorchScript behind two methods: what is loaded, what is run, on how many threads."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.export_folder import read_manifest
from models.manifest import Method
from service.errors import BatchContractBroken, ExportBroken
from service.golden import check_golden
from service.rows import Arrays
from service.runtime import TorchScriptModel, apply_threads
from service.threads import ThreadPlan
from tests.service.tiny_networks import PROVENANCE, batch_first
from training.draft import Draft
from training.export import load_frozen, write_export


@pytest.fixture
def folder(tiny_repository: Path) -> Path:
    return tiny_repository / "forecaster" / "1"


def test_outputs_are_named_and_typed_as_the_manifest_says(folder: Path) -> None:
    model = TorchScriptModel(folder, read_manifest(folder))
    # float64, and columns before rows in memory: whatever callers stack together is taken
    values = np.asfortranarray([[np.nan, 2.0], [3.0, 4.0], [5.0, np.nan]])
    outputs = model.run({"values": values, "season_length": np.array([0, 3, 1], dtype=np.int32)})

    assert outputs["mean"][:, 0].tolist() == [3.0, 5.0, 6.0]
    assert outputs["season_length"].tolist() == [7, 3, 1]
    assert {name: (array.shape, str(array.dtype)) for name, array in outputs.items()} == {
        "mean": ((3, 5), "float32"),
        "quantiles": ((3, 5, 5), "float32"),
        "season_length": ((3,), "int64"),
    }


def test_weights_are_folded_into_the_graph(tiny_repository: Path) -> None:
    folder = tiny_repository / "digits" / "1"
    model = TorchScriptModel(folder, read_manifest(folder))

    assert "prim::GetAttr" not in str(model._graph.graph)


def test_a_graph_with_other_outputs_than_promised_is_found_out(folder: Path) -> None:
    manifest = read_manifest(folder)
    model = TorchScriptModel(folder, replace(manifest, outputs=manifest.outputs[:2]))

    with pytest.raises(BatchContractBroken, match="3 outputs, the manifest says 2"):
        model.run({"values": np.ones((1, 2)), "season_length": np.zeros(1)})


def test_a_model_that_fails_on_its_own_example_is_refused(folder: Path) -> None:
    def fails(_: Arrays, __: str) -> Arrays:
        raise RuntimeError("expected a float")

    with pytest.raises(ExportBroken, match="the model fails on an example: expected a float"):
        check_golden(fails, read_manifest(folder), folder)


def test_an_answer_of_another_shape_is_refused(folder: Path) -> None:
    model = TorchScriptModel(folder, read_manifest(folder))

    def too_short(inputs: Arrays, _: str) -> Arrays:
        return {name: array[:1] for name, array in model.run(inputs).items()}

    with pytest.raises(ExportBroken, match="off by inf"):
        check_golden(too_short, read_manifest(folder), folder)


def test_the_thread_plan_holds_on_every_thread() -> None:
    before = torch.get_num_threads()
    found: list[int] = []
    try:
        apply_threads(ThreadPlan(processors=3, workers=1, intra_op=3))
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
    finally:
        torch.set_num_threads(before)

    assert found == [3]


class TwoMethods(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def bend(self, rows: torch.Tensor) -> torch.Tensor:
        bent: torch.Tensor = self.layer(rows)
        return bent

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.bend(rows)

    def score(self, rows: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return self.bend(rows) + offsets.unsqueeze(1)


@pytest.fixture(scope="module")
def two_methods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = batch_first("rows", "float32", ("column", 3))
    example = {"rows": np.ones((1, 3), dtype=np.float32)}
    offsets = {"offsets": np.array([10], dtype=np.int64)}
    draft = Draft(
        name="two",
        task="classify",
        inputs=(rows,),
        outputs=(batch_first("sums", "float32", ("column", 2)),),
        parameters={},
        golden=[example],
        methods={
            "score": Method(
                (rows, batch_first("offsets", "int64")),
                (batch_first("scores", "float32", ("column", 2)),),
            )
        },
        method_golden={"score": [example | offsets]},
        **PROVENANCE,
    )
    return write_export(TwoMethods(), draft, tmp_path_factory.mktemp("repository"))


def test_every_method_of_the_manifest_is_frozen_checked_and_called(two_methods: Path) -> None:
    manifest = read_manifest(two_methods)
    model = TorchScriptModel(two_methods, manifest)
    check_golden(model.run, manifest, two_methods)
    rows = np.array([[1, 2, 3]], dtype=np.float32)
    sums = model.run({"rows": rows})["sums"]
    scores = model.run({"rows": rows, "offsets": np.array([100])}, "score")["scores"]

    assert scores == pytest.approx(sums + 100)
    assert "prim::GetAttr" not in str(model._graph.score.graph)


def test_a_method_that_the_graph_lacks_is_found_out(two_methods: Path) -> None:
    manifest = read_manifest(two_methods)
    promised = replace(manifest, methods={"spell": Method((), ())})

    with pytest.raises(ExportBroken, match="spell"):
        TorchScriptModel(two_methods, promised)


def test_a_method_without_a_golden_example_is_refused(two_methods: Path) -> None:
    manifest = read_manifest(two_methods)
    promised = replace(manifest, methods={**manifest.methods, "spell": Method((), ())})

    with pytest.raises(ExportBroken, match="holds no example of 'spell'"):
        check_golden(lambda inputs, _: inputs, promised, two_methods)


def test_golden_examples_of_a_method_are_compared(two_methods: Path) -> None:
    manifest = read_manifest(two_methods)
    model = TorchScriptModel(two_methods, manifest)

    def off_in_score(inputs: Arrays, method: str) -> Arrays:
        shift = 1.0 if method == "score" else 0.0
        return {name: array + shift for name, array in model.run(inputs, method).items()}

    with pytest.raises(ExportBroken, match="does not reproduce 'scores'"):
        check_golden(off_in_score, manifest, two_methods)


class Half(torch.nn.Module):
    """Answers in bfloat16 what a matrix product makes of it there: 257 has no bfloat16."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows @ torch.eye(3)


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = batch_first("rows", "float32", ("column", 3))
    draft = Draft(
        name="half",
        task="classify",
        inputs=(rows,),
        outputs=(replace(rows, name="same"),),
        parameters={},
        golden=[{"rows": np.full((2, 3), 257, dtype=np.float32)}],
        **PROVENANCE,
    )
    return write_export(Half(), draft, tmp_path_factory.mktemp("repository"))


def test_bfloat16_is_used_where_it_is_asked_for_and_answers_are_float32(halved: Path) -> None:
    manifest = read_manifest(halved)
    rows = {"rows": np.full((2, 3), 257, dtype=np.float32)}
    full = TorchScriptModel(halved, manifest).run(rows)["same"]
    half = TorchScriptModel(halved, manifest, reduced="bfloat16").run(rows)["same"]

    assert (full.tolist(), half.tolist()) == ([[257.0] * 3] * 2, [[256.0] * 3] * 2)
    assert half.dtype == np.float32


def test_golden_answers_may_be_off_by_the_tolerance_of_the_precision(halved: Path) -> None:
    manifest = read_manifest(halved)
    half = TorchScriptModel(halved, manifest, reduced="bfloat16")
    check_golden(half.run, manifest, halved, tolerance=0.01)

    with pytest.raises(ExportBroken, match="off by 1, allowed is"):
        check_golden(half.run, manifest, halved)


class Switched(torch.nn.Module):
    """Gives whole numbers once it is told to compute in int8."""

    multiplies_int8: bool

    def __init__(self) -> None:
        super().__init__()
        self.multiplies_int8 = False

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows.trunc() if self.multiplies_int8 else rows


class Outer(torch.nn.Module):
    """Holds what computes in int8, and takes part in nothing itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Switched()

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        doubled: torch.Tensor = 2 * self.inner(rows)
        return doubled


def test_what_can_compute_in_int8_does_where_it_is_asked_to(tmp_path: Path) -> None:
    rows = batch_first("rows", "float32", ("column", 3))
    draft = Draft(
        name="switched",
        task="classify",
        inputs=(rows,),
        outputs=(replace(rows, name="doubled"),),
        parameters={},
        golden=[{"rows": np.full((2, 3), 1.5, dtype=np.float32)}],
        **PROVENANCE,
    )
    folder = write_export(Outer(), draft, tmp_path)
    manifest, inputs = read_manifest(folder), {"rows": np.full((1, 3), 1.5, np.float32)}

    assert TorchScriptModel(folder, manifest).run(inputs)["doubled"].tolist() == [[3.0] * 3]
    whole = TorchScriptModel(folder, manifest, reduced="int8").run(inputs)["doubled"]
    assert whole.tolist() == [[2.0] * 3]


def test_a_graph_without_anything_for_int8_is_refused_in_it(halved: Path) -> None:
    with pytest.raises(ExportBroken, match="nothing in it computes in int8"):
        TorchScriptModel(halved, read_manifest(halved), reduced="int8")


class Twofold(nn.Module):
    """Two methods over one large table, and one over another."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.arange(90 * 50).float().reshape(90, 50))

    def forward(self, row: Tensor) -> Tensor:
        return self.table[row]

    def doubled(self, row: Tensor) -> Tensor:
        return (self.table * 2)[row]

    def again(self, row: Tensor) -> Tensor:
        return self.table[row] + 1


def test_methods_hold_equal_weights_once(tmp_path: Path) -> None:
    row, values = batch_first("row", "int64"), batch_first("values", "float32", ("column", 50))
    method = Method((row,), (values,))
    golden = [{"row": np.array([3, 7])}]
    draft = Draft(
        name="twofold",
        task="next-word",
        inputs=method.inputs,
        outputs=method.outputs,
        parameters={},
        golden=golden,
        methods={"doubled": method, "again": method},
        method_golden={"doubled": golden, "again": golden},
        **PROVENANCE,
    )
    folder = write_export(Twofold(), draft, tmp_path)
    model = TorchScriptModel(folder, read_manifest(folder))

    held = [
        node.t("value").data_ptr()
        for name in ("forward", "doubled", "again")
        for node in getattr(model._graph, name).graph.findAllNodes("prim::Constant")
        if node.hasAttribute("value")
        and node.kindOf("value") == "t"
        and node.t("value").numel() == 90 * 50
    ]
    assert len(held) == 3
    assert held[0] == held[2] != held[1]
    asked = {"row": np.array([1, 89])}
    for name, first in (("forward", [50, 4450]), ("doubled", [100, 8900]), ("again", [51, 4451])):
        assert model.run(asked, name)["values"][:, 0].tolist() == first


class Shares(torch.nn.Module):
    """One weight for a product only, one that something else reads as well."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        written_out = (rows.unsqueeze(1) * self.second.weight).sum(dim=2)
        product: torch.Tensor = self.second(self.first(rows))
        return product + written_out


def test_weights_of_products_are_rounded_on_loading_with_the_answers_of_autocast(
    tmp_path: Path,
) -> None:
    rows = batch_first("rows", "float32", ("column", 3))
    torch.manual_seed(0)
    draft = Draft(
        name="shares",
        task="classify",
        inputs=(rows,),
        outputs=(replace(rows, name="mixed"),),
        parameters={},
        golden=[{"rows": np.ones((2, 3), dtype=np.float32)}],
        **PROVENANCE,
    )
    folder = write_export(Shares(), draft, tmp_path)
    manifest, given = read_manifest(folder), torch.randn(4, 3)

    model = TorchScriptModel(folder, manifest, reduced="bfloat16")
    plain = load_frozen(folder)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = plain(given).float().numpy()

    assert (model.run({"rows": given.numpy()})["mixed"] == expected).all()
    kinds = [
        str(node.t("value").dtype)
        for node in model._graph.graph.findAllNodes("prim::Constant")
        if node.hasAttribute("value") and node.kindOf("value") == "t" and node.t("value").dim() == 2
    ]
    assert sorted(kinds) == ["torch.bfloat16", "torch.float32"]
