"""An export of digits is measured in fewer bits on the validation images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from models.manifest import TensorSpec
from models.row_classifier import RowClassifier, RowClassifierSizes, RowProbabilities
from service.runtime import TorchScriptModel
from training.digits import precision
from training.digits.data import DigitData, load_digits
from training.digits.precision import measure_precision, write_measured
from training.digits.refit import LEARNED_NOTE
from training.draft import Draft
from training.errors import ExportError
from training.export import load_graph

needs_int8 = pytest.mark.skipif(
    not torch.cpu._is_vnni_supported(), reason="the processor lacks int8"
)
SHIPPED_KIND = RowClassifierSizes(hidden_size=8, n_filters=4)
ANOTHER_KIND = RowClassifierSizes(cell="lstm", hidden_size=8, n_filters=0)
DRAFT = Draft(
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


@pytest.fixture
def data() -> DigitData:
    return load_digits(None, smoke=True)


def reader(
    sizes: RowClassifierSizes, *, temperature: float = 1.0, n_views: int = 3
) -> RowProbabilities:
    torch.manual_seed(3)
    network = RowClassifier(sizes).eval()
    return RowProbabilities(network, temperature=temperature, n_views=n_views)


@needs_int8
def test_an_export_of_the_shipped_kind_is_measured_in_int8(tmp_path: Path, data: DigitData) -> None:
    folder = write_measured(reader(SHIPPED_KIND, temperature=0.7), DRAFT, tmp_path, data)

    entry = read_manifest(folder).reduced_precision
    assert entry is not None
    assert entry.dtype == "int8"
    assert [metric.name for metric in entry.metrics] == [
        "accuracy",
        "log-likelihood",
        "largest difference",
    ]
    for metric in entry.metrics[:2]:
        assert metric.value == pytest.approx(metric.baselines["float32"], abs=5e-3)
    assert 0 < entry.metrics[2].value < entry.tolerance < 0.1


@needs_int8
@pytest.mark.parametrize(("training", "note"), [({}, ""), ({"refit": {}}, LEARNED_NOTE)])
def test_accuracy_on_images_learned_from_is_called_that(
    tmp_path: Path, data: DigitData, training: dict[str, object], note: str
) -> None:
    draft = replace(DRAFT, training=training)

    folder = write_measured(reader(SHIPPED_KIND, temperature=0.7), draft, tmp_path, data)

    entry = read_manifest(folder).reduced_precision
    assert entry is not None
    assert [metric.note for metric in entry.metrics[:2]] == [note, note]


@needs_int8
@pytest.mark.parametrize("n_views", [1, 3])
def test_the_service_computes_either_way(tmp_path: Path, data: DigitData, n_views: int) -> None:
    exported = reader(SHIPPED_KIND, temperature=0.7, n_views=n_views)
    folder = write_measured(exported, DRAFT, tmp_path, data)
    images = data.validation.images.astype(np.float32)

    plain = TorchScriptModel(folder, read_manifest(folder))
    in_bytes = TorchScriptModel(folder, read_manifest(folder), reduced="int8")

    with torch.inference_mode():
        expected = exported(torch.from_numpy(images)).numpy()
    answers = in_bytes.run({"images": images})["probabilities"]
    assert np.abs(plain.run({"images": images})["probabilities"] - expected).max() < 1e-5
    assert 1e-6 < np.abs(answers - expected).max() < 0.05
    assert "onednn" not in str(plain._graph.graph)
    assert "aten::conv2d" not in str(in_bytes._graph.graph)
    assert "prepack" not in str(in_bytes._graph.graph)  # weights were laid out on loading


def test_another_kind_is_measured_in_bfloat16(tmp_path: Path, data: DigitData) -> None:
    if not torch.cpu._is_avx512_bf16_supported():
        pytest.skip("the processor lacks bfloat16")
    folder = write_measured(reader(ANOTHER_KIND), DRAFT, tmp_path, data)

    entry = read_manifest(folder).reduced_precision
    assert entry is not None
    assert entry.dtype == "bfloat16"
    assert 0 < entry.metrics[2].value < entry.tolerance < 0.1


def test_a_processor_without_the_instructions_writes_a_plain_export(
    tmp_path: Path, data: DigitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "supported", lambda _: False)

    folder = write_measured(reader(SHIPPED_KIND), DRAFT, tmp_path, data)

    assert read_manifest(folder).reduced_precision is None
    assert not any(hasattr(module, "multiplies_int8") for module in load_graph(folder).modules())
    with pytest.raises(ExportError, match="no instructions for bfloat16"):
        measure_precision(folder, data)


@needs_int8
def test_what_loses_too_much_is_exported_in_float32(tmp_path: Path, data: DigitData) -> None:
    blank = data.training.take(np.arange(3))
    blank.images[:] = 0  # typical images without any ink: responses to ink are cut
    misled = replace(data, training=blank)
    exported = reader(SHIPPED_KIND)
    assert isinstance(exported.classifier, RowClassifier)
    with torch.no_grad():
        exported.classifier.head.weight.mul_(20.0)

    folder = write_measured(exported, DRAFT, tmp_path, misled)

    assert read_manifest(folder).reduced_precision is None
    with pytest.raises(ExportError, match="falls from"):
        measure_precision(folder, misled)
