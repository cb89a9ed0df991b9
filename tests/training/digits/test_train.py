"""The whole training on drawn digits: seconds, and everything but the quality is real."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from tests.training.digits.pictures import write_folders, write_idx
from training.digits import data as data_module
from training.digits import task as task_module
from training.digits.config import DigitsTraining
from training.digits.data import load_digits
from training.digits.refit import TWIN_NOTE
from training.digits.train import fitted_to, train
from training.errors import CheckpointError, DataError, Interrupted
from training.options import configure

TINY: dict[str, object] = {
    "hidden_size": 10,
    "n_layers": 1,
    "steps": 12,
    "validate_every": 6,
    "warmup_steps": 2,
    "batch_size": 16,
    "precision": "float32",
    "teachers": 0,
    "settling_steps": 1,
}


def config(folder: Path, **changes: object) -> DigitsTraining:
    places: dict[str, object] = {"repository": folder / "repository", "runs": folder / "runs"}
    return DigitsTraining(**(TINY | places | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def idx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("idx"))


@pytest.fixture(scope="module")
def export(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(config(tmp_path_factory.mktemp("trained"), data=idx_folder, seeds=2, seed=3))


def test_the_export_keeps_the_contract(export: Path) -> None:
    manifest = read_manifest(export)

    assert (manifest.name, manifest.version, manifest.task) == ("digits", "1", "classify")
    assert manifest.inputs[0].shape == (-1, 28, 28)
    assert manifest.outputs[0].shape == (-1, 10)
    assert manifest.parameters["classes"] == list("0123456789")


def test_the_manifest_says_what_every_seed_reached_beside_the_class_prior(export: Path) -> None:
    manifest = read_manifest(export)
    figures = {metric.name: metric for metric in manifest.metrics if metric.split == "test"}
    runs = manifest.training["runs"]

    assert [run["seed"] for run in runs] == [3, 4]
    accuracies = [run["test"]["accuracy"] for run in runs]
    assert figures["accuracy, mean of seeds"].value == pytest.approx(np.mean(accuracies), abs=1e-5)
    assert figures["accuracy"].baselines["class prior"] == pytest.approx(0.1)
    best = max(runs, key=lambda run: run["validation"]["accuracy"])
    assert figures["accuracy"].value in [
        pytest.approx(run["test"]["accuracy"], abs=1e-5) for run in runs
    ]
    chosen = next(run for run in runs if run["seed"] == manifest.training["seed"])
    assert chosen["validation"]["accuracy"] == best["validation"]["accuracy"]
    assert set(manifest.training["md5_unzipped"]) == {source.name for source in manifest.data}


def test_the_manifest_and_the_report_say_what_was_learned_from_in_the_refit(export: Path) -> None:
    manifest = read_manifest(export)

    refit = manifest.training["refit"]
    assert manifest.training["config"]["refit"]
    assert (refit["steps"], refit["images"]) == (1, 60)
    assert "with them, which gave the exported weights" in refit["note"]
    assert refit["note"] in (export / "report.html").read_text(encoding="utf-8")
    validation = [metric.note for metric in manifest.metrics if metric.split == "validation"]
    assert [note.split("; ")[1] for note in validation] == [TWIN_NOTE]


def test_the_accuracy_in_the_manifest_is_that_of_the_exported_graph(
    export: Path, idx_folder: Path
) -> None:
    graph = torch.jit.load(str(export / "model.pt"))  # type: ignore[no-untyped-call]
    test = load_digits(idx_folder).test

    probabilities = graph(torch.from_numpy(test.images.astype(np.float32)))

    accuracy = float((probabilities.argmax(dim=1).numpy() == test.labels).mean())
    stated = [m.value for m in read_manifest(export).metrics if m.name == "accuracy"]
    assert accuracy == pytest.approx(stated[0])


def test_the_figures_are_those_of_the_mean_over_three_views_as_it_is_exported(
    export: Path, idx_folder: Path
) -> None:
    manifest, test = read_manifest(export), load_digits(idx_folder).test
    images, labels = torch.from_numpy(test.images.astype(np.float32)), torch.from_numpy(test.labels)
    graph = torch.jit.load(str(export / "model.pt"))  # type: ignore[no-untyped-call]
    stated = next(m.value for m in manifest.metrics if m.name == "negative log-likelihood")

    def likelihood(probabilities: torch.Tensor) -> float:
        return float(torch.nn.functional.nll_loss(probabilities.log(), labels))

    with torch.inference_mode():
        together = graph(images)
        alone = torch.softmax(graph.classifier(images) / graph.temperature, dim=1)
    assert manifest.parameters["views"] == manifest.training["config"]["views"] == 3
    assert likelihood(together) == pytest.approx(stated, abs=1e-5)
    assert abs(likelihood(alone) - stated) > 1e-3


def test_after_the_training_the_number_of_views_may_still_be_chosen(
    export: Path, idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"data": idx_folder, "seeds": 2, "seed": 3, "runs": export.parents[2] / "runs"}
    watched = Stopper(monkeypatch, seed=-1, step=-1)

    one = read_manifest(train(config(tmp_path, **settings, resume=True, views=1)))

    three = read_manifest(export)
    assert watched.asked == []
    assert one.parameters["views"] == one.training["config"]["views"] == 1
    likelihoods = [m.value for each in (one, three) for m in each.metrics if "likelih" in m.name]
    assert likelihoods[0] != pytest.approx(likelihoods[1], abs=1e-4)


def test_the_report_shows_runs_curves_mistakes_and_reliability(export: Path) -> None:
    page = (export / "report.html").read_text(encoding="utf-8")

    for heading in ("Metrics", "Runs", "Learning", "Confusion", "Mistakes", "Reliability"):
        assert f"<h2>{heading}</h2>" in page
    assert page.count("data:image/png;base64,") >= 5


def test_the_same_seed_gives_the_same_weights(
    export: Path, idx_folder: Path, tmp_path: Path
) -> None:
    again = train(config(tmp_path, data=idx_folder, seeds=2, seed=3))

    golden = [json.loads((folder / "golden.json").read_text()) for folder in (export, again)]
    assert golden[0] == golden[1]


def test_a_smoke_training_needs_no_data_and_learns_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "DEFAULT_FOLDER", tmp_path / "mnist")
    flags = {"smoke": True, "repository": tmp_path / "repository", "runs": tmp_path / "runs"}

    manifest = read_manifest(train(configure(DigitsTraining, flags)))

    accuracy = next(metric for metric in manifest.metrics if metric.name == "accuracy")
    assert accuracy.data == "digits drawn by Pillow"
    assert accuracy.value > 2 * accuracy.baselines["class prior"]


def test_folders_of_letters_are_trained_on_as_well(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "letters", {"x": 1, "y": 2, "z": 3})

    manifest = read_manifest(train(config(tmp_path, data=folder, name="letters", cell="gru")))

    assert manifest.parameters["classes"] == ["x", "y", "z"]
    assert manifest.outputs[0].shape == (-1, 3)


class Stopper:
    """Sends Ctrl-C when the batch of a step of a seed is asked for; counts all batches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, seed: int, step: int) -> None:
        self.asked: list[tuple[int, int]] = []
        original = task_module.DigitsTask.batch

        def batch(task: task_module.DigitsTask, at: int) -> task_module.Batch:
            self.asked.append((task._config.seed, at))
            if (task._config.seed, at) == (seed, step):
                os.kill(os.getpid(), signal.SIGINT)
            return original(task, at)

        monkeypatch.setattr(task_module.DigitsTask, "batch", batch)


def test_a_resumed_training_goes_on_in_the_seed_where_it_stopped(
    export: Path, idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"data": idx_folder, "seeds": 2, "seed": 3}
    Stopper(monkeypatch, seed=4, step=7)
    with pytest.raises(Interrupted):
        train(config(tmp_path, **settings))
    assert not (tmp_path / "repository").exists()

    watched = Stopper(monkeypatch, seed=-1, step=-1)
    resumed = train(config(tmp_path, **settings, resume=True))

    settling = refit = (2004, 0)
    assert watched.asked == [*((4, step) for step in range(8, 12)), settling, refit]
    assert json.loads((resumed / "golden.json").read_text()) == json.loads(
        (export / "golden.json").read_text()
    )


def test_resuming_what_never_started_is_refused(idx_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        train(config(tmp_path, data=idx_folder, resume=True))


def test_bad_data_leaves_no_export_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError):
        train(config(tmp_path, data=tmp_path / "empty"))

    assert not (tmp_path / "repository").exists()


def test_small_data_takes_fewer_steps(idx_folder: Path, tmp_path: Path) -> None:
    data = load_digits(idx_folder)  # 51 images in four batches of 16

    many = config(tmp_path, steps=100, teacher_steps=200, warmup_steps=50, max_epochs=5)
    fitted = fitted_to(many, data)

    assert (fitted.steps, fitted.teacher_steps, fitted.warmup_steps) == (20, 20, 2)


def test_without_bfloat16_instructions_it_trains_in_float32(
    idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)

    fitted = fitted_to(
        config(tmp_path, precision="bfloat16", device="cpu"), load_digits(idx_folder)
    )

    assert fitted.precision == "float32"
