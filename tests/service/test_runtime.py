"""TorchScript behind two methods: what is loaded, what is run, on how many threads."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.manifest import read_manifest
from service.errors import BatchContractBroken, ExportBroken
from service.golden import check_golden
from service.rows import Arrays
from service.runtime import TorchScriptModel, apply_threads
from service.threads import ThreadPlan


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
    def fails(_: Arrays) -> Arrays:
        raise RuntimeError("expected a float")

    with pytest.raises(ExportBroken, match="the model fails on an example: expected a float"):
        check_golden(fails, read_manifest(folder), folder)


def test_an_answer_of_another_shape_is_refused(folder: Path) -> None:
    model = TorchScriptModel(folder, read_manifest(folder))

    def too_short(inputs: Arrays) -> Arrays:
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
