import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.manifest import Metric, TensorSpec
from training.draft import Draft
from training.errors import DataError
from training.export import write_export
from training.fine_tuning.parent import adapted_name, check_answers, find_parent, load_into

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


class Weigh(nn.Module):
    """One weight, so that its answers can be checked in the head."""

    def __init__(self, weight: float = 2.0, n: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((n,), weight))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values * self.weight.sum()


def export(repository: Path, weight: float = 2.0) -> Path:
    spec = TensorSpec("values", "float32", (-1, -1), ("batch", "time"))
    draft = Draft(
        name="tiny",
        task="forecast",
        inputs=(spec,),
        outputs=(TensorSpec("mean", "float32", (-1, -1), ("batch", "time")),),
        parameters={},
        golden=[{"values": np.array([[1.0, np.nan]], dtype=np.float32)}],
        metrics=[Metric("MASE", "x", "validation", 1.0)],
        training={"config": {"hidden_size": 3}},
        data=[],
        licence="",
        report_html="",
    )
    return write_export(Weigh(weight).eval(), draft, repository)


def test_a_name_means_the_active_version_and_a_number_that_version(tmp_path: Path) -> None:
    one, two = export(tmp_path), export(tmp_path, 3.0)
    assert find_parent("tiny", tmp_path, "forecast").folder == two
    assert find_parent("tiny/1", tmp_path, "forecast").folder == one
    (tmp_path / "tiny" / "serving.json").write_text('{"active": "1"}')
    assert find_parent("tiny", tmp_path, "forecast").label == "tiny/1"


def test_a_folder_anywhere_is_taken_and_its_weights_come_out(tmp_path: Path) -> None:
    moved = tmp_path / "mail"
    shutil.move(export(tmp_path / "models"), moved)
    parent = find_parent(str(moved), tmp_path, "forecast")
    network = Weigh(7.0)
    load_into(network, parent)
    assert network.weight.item() == 2.0
    assert parent.options == {"hidden_size": 3}
    assert parent.provenance()["sha256"] == parent.manifest.files["model.pt"].sha256
    check_answers(network, parent)


def test_shipped_exports_are_found_from_any_repository(tmp_path: Path) -> None:
    assert find_parent("forecaster", tmp_path, "forecast").manifest.name == "forecaster"


@pytest.mark.parametrize("given", ["nobody", "tiny/9", "", "tiny/../tiny/2"])
def test_what_is_not_there_is_refused_with_what_to_do(tmp_path: Path, given: str) -> None:
    export(tmp_path)
    with pytest.raises(DataError, match="no such export.*models list"):
        find_parent(given, tmp_path, "forecast")


def test_a_file_that_differs_from_its_digest_is_refused(tmp_path: Path) -> None:
    folder = export(tmp_path)
    (folder / "model.pt").write_bytes((folder / "model.pt").read_bytes() + b"x")
    with pytest.raises(DataError, match="differs from the digest"):
        find_parent("tiny", tmp_path, "forecast")


def test_an_export_of_another_task_is_refused(tmp_path: Path) -> None:
    export(tmp_path)
    with pytest.raises(DataError, match="its task is forecast, but this command trains for class"):
        find_parent("tiny", tmp_path, "classify")


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    parent = find_parent(str(export(tmp_path)), tmp_path, "forecast")
    with pytest.raises(DataError, match="do not fit the network of this version"):
        load_into(Weigh(n=2), parent)


def test_a_network_that_answers_otherwise_than_its_export_is_refused(tmp_path: Path) -> None:
    parent = find_parent(str(export(tmp_path)), tmp_path, "forecast")
    with pytest.raises(DataError, match="answers otherwise"):
        check_answers(Weigh(2.1), parent)


def test_the_parent_knows_what_it_was_trained_on(tmp_path: Path) -> None:
    parent = find_parent("forecaster", tmp_path, "forecast")
    manifest = json.loads((parent.folder / "manifest.json").read_text())
    trained = next(s for s in manifest["data"] if "training" in s["role"])
    judged = next(s for s in manifest["data"] if "training" not in s["role"])
    assert parent.has_trained_on(trained["sha256"])
    assert not parent.has_trained_on(judged["sha256"])


def test_the_adapted_model_gets_a_name_of_its_own(tmp_path: Path) -> None:
    parent = find_parent(str(export(tmp_path)), tmp_path, "forecast")
    assert adapted_name(parent, Path("My Sales_2024.csv.gz")) == "tiny-my-sales-2024"
    assert adapted_name(parent, Path("___")) == "tiny-adapted"
