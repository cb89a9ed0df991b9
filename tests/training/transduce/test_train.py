from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from models.manifest import Manifest, Metric
from training.options import configure
from training.transduce.config import TransducerTraining
from training.transduce.train import train


def settings(folder: Path, **changes: object) -> TransducerTraining:
    places = {"repository": folder / "repository", "runs": folder / "runs", "threads": 1}
    return configure(TransducerTraining, {**places, **changes})


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(settings(tmp_path_factory.mktemp("sines"), smoke=True))


@pytest.fixture(scope="module")
def lowpass(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table whose output follows its input slowly, in other units."""
    folder = tmp_path_factory.mktemp("lowpass")
    inputs = np.random.default_rng(8).normal(20.0, 3.0, 1200)
    outputs = np.zeros(1200)
    for at in range(1, 1200):
        outputs[at] = 0.8 * outputs[at - 1] + 100 * inputs[at]
    rows = [f"{a:.4f},{b:.4f}" for a, b in zip(inputs, outputs, strict=True)]
    (folder / "pump.csv").write_text("\n".join(["valve,pressure", *rows]) + "\n")
    return train(
        settings(
            folder,
            data=folder / "pump.csv",
            name="pump",
            hidden_size=8,
            window_length=25,
            windows=4,
            batch_size=16,
            steps=160,
            validate_every=80,
            warmup_steps=5,
            learning_rate=0.03,
            average_decay=0.9,
        )
    )


def test_the_export_keeps_the_contract(smoke: Path) -> None:
    manifest = read_manifest(smoke)

    assert manifest.task == "transduce"
    assert [spec.name for spec in manifest.inputs] == ["signals", "lengths", "states"]
    assert [spec.name for spec in manifest.outputs] == ["outputs", "states"]
    assert manifest.parameters["state_size"] == 2 * 8 + 1
    assert "linear filter of 64 taps" in error_of(manifest).baselines


def test_the_report_shows_answers_and_baselines(smoke: Path) -> None:
    page = (smoke / "report.html").read_text()

    for words in ("Answers", "Periods", "best delayed sample", "window_length"):
        assert words in page


def test_a_table_is_learned_in_its_own_units(lowpass: Path) -> None:
    metric = error_of(read_manifest(lowpass))
    assert metric.value < 0.3 < metric.baselines["best delayed sample"]

    graph = torch.jit.load(lowpass / "model.pt")  # type: ignore[no-untyped-call]
    steady = torch.full((1, 300), 20.0)
    outputs, _ = graph(steady, torch.tensor([300]), torch.zeros(1, 16))
    assert float(outputs[0, -1].detach()) == pytest.approx(100 * 20.0 / 0.2, rel=0.1)


def test_a_table_is_named_with_its_digest(lowpass: Path) -> None:
    (source,) = read_manifest(lowpass).data

    assert source.name == "pump.csv"
    assert len(source.sha256) == 64


def error_of(manifest: Manifest) -> Metric:
    return next(metric for metric in manifest.metrics if metric.split == "test")
