"""A tiny reader of drawn digits, adapted to other pictures: real but for its quality."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import digest_file, read_manifest
from models.image_views import views_of
from tests.training.digits.pictures import write_folders, write_idx
from training.digits import adapt, describe, folds, grafting
from training.digits.config import DigitsTraining
from training.digits.data import LabelledImages, load_digits
from training.digits.folds import folds_of
from training.digits.grafting import fit_head, grafted, with_sizes_of
from training.digits.rivals import ADAPTED, compare
from training.digits.task import Batch, DigitsTask, logits_of, logits_of_views
from training.digits.train import train
from training.digits.trials import Trials
from training.errors import DataError, Interrupted, NotRecommended
from training.export import load_graph
from training.fine_tuning.parent import Parent, find_parent

LETTERS = {"x": 1, "y": 2, "7": 7}


def config(folder: Path, **changes: object) -> DigitsTraining:
    settings: dict[str, object] = {
        "repository": folder / "repository",
        "runs": folder / "runs",
        "hidden_size": 10,
        "teachers": 0,
        "steps": 12,
        "validate_every": 6,
        "warmup_steps": 2,
        "batch_size": 16,
        "precision": "float32",
    }
    return DigitsTraining(**(settings | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Heads are fitted to a few images only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grafting, "HEAD_IMAGES", 40)
        patch.setattr(folds, "MOST_FOLDS", 2)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parent of one view in ``repository`` and letters in ``letters``."""
    place = tmp_path_factory.mktemp("adapt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(describe, "build_page", lambda *_: "a report")  # which takes longest
        train(config(place, data=write_idx(place / "idx"), views=1))
    write_folders(place / "letters", LETTERS, per_class=5)
    return place


def adapting(folder: Path, **changes: object) -> DigitsTraining:
    chosen = {"data": folder / "letters", "from_": "digits", "name": "letters", "steps": 4}
    return config(folder, **(chosen | changes))


@pytest.fixture(scope="module")
def export(folder: Path) -> Path:
    return train(adapting(folder, anyway=True))


@pytest.fixture
def parent(folder: Path) -> Parent:
    return find_parent("digits", folder / "repository", "classify")


def test_an_adapted_export_names_its_own_classes_and_its_parent(export: Path, folder: Path) -> None:
    manifest = read_manifest(export)

    assert manifest.parameters["classes"] == ["7", "x", "y"]
    assert manifest.outputs[0].shape == (-1, 3)
    parent = folder / "repository" / "digits" / "1" / "model.pt"
    assert manifest.training["from"]["sha256"] == digest_file(parent).sha256
    assert manifest.training["config"]["hidden_size"] == 10
    assert manifest.parameters["views"] == 3
    assert "refit" not in manifest.training
    assert manifest.data[0].name == "letters"
    assert len(manifest.data[0].sha256) == 64


def test_its_figures_stand_beside_those_of_every_alternative(export: Path) -> None:
    manifest = read_manifest(export)

    accuracy = manifest.metrics[0]
    assert (accuracy.name, accuracy.split) == ("accuracy", "cross-validation")
    rivals = {
        "trained from scratch",
        "nearest image",
        "logistic regression of pixels",
        "digits/1 unchanged",
    }
    assert set(accuracy.baselines) == rivals
    assert {c["rival"] for c in manifest.training["recommendation"]["contests"]} == rivals
    # The parent can be right about sevens only, a third of the pictures.
    assert accuracy.baselines["digits/1 unchanged"] <= 1 / 3 + 1e-9


def test_the_report_shows_the_verdict_curves_and_mistakes(export: Path) -> None:
    page = (export / "report.html").read_text(encoding="utf-8")

    for heading in ("Beside the alternatives", "Learning", "Confusion", "Mistakes"):
        assert f"<h2>{heading}</h2>" in page
    assert "ecommended" in page


def test_the_adapted_export_answers_the_mean_over_three_views(export: Path) -> None:
    graph = load_graph(export)
    images = 255 * torch.rand(5, 28, 28, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        logits = graph.classifier(views_of(images, 3)) / graph.temperature
        expected = torch.softmax(logits, dim=1).view(3, 5, 3).mean(dim=0)
        torch.testing.assert_close(graph(images), expected)


def test_the_adapted_reader_is_judged_by_the_mean_over_its_views(
    parent: Parent, folder: Path, tmp_path: Path
) -> None:
    options = with_sizes_of(parent, adapting(folder, runs=tmp_path))
    some = folds_of(load_digits(folder / "letters"))

    trials = Trials(parent, options, some).adapted()
    comparison = compare(parent, some, trials, trials)

    for trial, part in zip(trials, some.parts, strict=True):
        torch.testing.assert_close(trial.logits, logits_of_views(trial.network, part.test, 3))
    assert not np.allclose(comparison.logits[0], comparison.logits[1])
    of_views = torch.softmax(comparison.logits.double(), dim=2)
    np.testing.assert_allclose(comparison.probabilities[ADAPTED][:, :3], of_views.mean(dim=0))


def test_what_is_no_better_is_not_exported_but_explained(folder: Path, tmp_path: Path) -> None:
    twins = write_folders(tmp_path / "twins", {"a": 1, "b": 8}, per_class=2)
    for picture in list(twins.glob("*/*.png")):  # so that the nearest image is always right
        picture.with_stem(f"{picture.stem}-again").write_bytes(picture.read_bytes())
        picture.with_stem(f"{picture.stem}-twice").write_bytes(picture.read_bytes())

    with pytest.raises(NotRecommended, match="nothing was exported.*--anyway"):
        train(adapting(folder, data=twins, name="twins", runs=tmp_path))

    assert not (folder / "repository" / "twins").exists()
    assert "Not recommended" in (tmp_path / "twins" / "report.html").read_text(encoding="utf-8")


def test_another_size_than_the_readers_is_refused_before_anything_is_trained(folder: Path) -> None:
    with pytest.raises(DataError, match="--n-layers 3: it comes from digits/1, where it is 1"):
        train(adapting(folder, n_layers=3, name="larger"))

    assert not (folder / "runs" / "larger").exists()


@pytest.mark.slow
def test_ctrl_c_and_resume_end_as_if_never_stopped(
    export: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    original = DigitsTask.batch

    def batch(task: DigitsTask, step: int) -> Batch:
        asked.append((task._config.name, step))
        if asked[-1] == ("letters/scratch-1", 2) and len(asked) < 40:
            os.kill(os.getpid(), signal.SIGINT)
        return original(task, step)

    monkeypatch.setattr(DigitsTask, "batch", batch)
    monkeypatch.setattr(adapt, "adapted_page", lambda *_: "a report")  # which takes longest
    settings = {"runs": tmp_path, "anyway": True}
    with pytest.raises(Interrupted):
        train(adapting(folder, **settings))
    n_before = len(asked)

    again = train(adapting(folder, **settings, resume=True))

    assert asked[n_before] == ("letters/scratch-1", 3)
    golden = [json.loads((place / "golden.json").read_text()) for place in (export, again)]
    assert golden[0] == golden[1]


def test_starting_from_an_export_needs_data(folder: Path) -> None:
    with pytest.raises(DataError, match="--from needs --data"):
        train(adapting(folder, data=None))


def test_with_the_parents_classes_a_reader_begins_as_the_parent(
    parent: Parent, folder: Path
) -> None:
    network = grafted(parent, with_sizes_of(parent, adapting(folder)), tuple("0123456789"))

    images = load_digits(folder / "idx").test.images[:7]
    logits = logits_of(network, LabelledImages(images, np.zeros(7, np.int64)))
    temperature = parent.manifest.parameters["temperature"]
    expected = load_graph(parent.folder)(torch.from_numpy(images.astype(np.float32)))
    torch.testing.assert_close(torch.softmax(logits / temperature, dim=1), expected)


def test_only_the_head_is_fitted_first(parent: Parent, folder: Path) -> None:
    options = with_sizes_of(parent, adapting(folder))
    part = folds_of(load_digits(folder / "letters")).parts[0]
    network = grafted(parent, options, part.classes)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    fit_head(network, part.training, options)

    changed = {
        name for name, tensor in network.state_dict().items() if not tensor.equal(before[name])
    }
    assert changed == {"head.weight", "head.bias"}
    right = logits_of(network, part.training).argmax(dim=1).numpy() == part.training.labels
    assert right.mean() > 0.6


def test_the_shipped_export_can_be_adapted() -> None:
    parent = find_parent("digits", Path("nowhere"), "classify")
    blank = LabelledImages(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64))

    network = grafted(parent, with_sizes_of(parent, DigitsTraining()), tuple("0123456789"))

    temperature = parent.manifest.parameters["temperature"]
    logits = logits_of_views(network, blank, parent.manifest.parameters.get("views", 1))
    torch.testing.assert_close(
        torch.softmax(logits / temperature, dim=2).mean(dim=0),
        load_graph(parent.folder)(torch.zeros(1, 28, 28)),
    )
