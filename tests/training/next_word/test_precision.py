"""An export of words is measured in int8, and written again by later versions of the code."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import read_manifest
from training.errors import DataError, ExportError
from training.fine_tuning.parent import Parent, find_parent
from training.next_word import precision
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus, load_corpus
from training.next_word.precision import DTYPE, measure_precision
from training.next_word.renew import renew
from training.next_word.train import train
from training.reduced_precision import supported

TEXT = "The cat sat on the mat. The dog sat on the log, and Rex, it's late.\n\n" * 80
needs_int8 = pytest.mark.skipif(not supported(DTYPE), reason="the processor lacks int8")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> NextWordTraining:
    folder = tmp_path_factory.mktemp("words")
    (folder / "pets.txt").write_text(TEXT)
    (folder / "unseen.txt").write_text("The log sat on the cat. " * 20)
    return NextWordTraining(
        data=folder / "pets.txt",
        evaluate=folder / "unseen.txt",
        repository=folder / "repository",
        runs=folder / "runs",
        threads=1,
        context_length=2,
        embedding_size=12,
        hidden_size=8,
        gate_size=6,
        steps=12,
        warmup_steps=2,
        batch_size=8,
        segment_length=16,
        learning_rate=0.03,
        frequent_words=5,
        sampled_words=4,
        baseline_order=2,
    )


@pytest.fixture(scope="module")
def corpus(config: NextWordTraining) -> Corpus:
    return load_corpus(config)


@pytest.fixture(scope="module")
def parent(config: NextWordTraining) -> Parent:
    return find_parent(str(train(config)), config.repository, "next-word")


@pytest.fixture
def renewed(parent: Parent, config: NextWordTraining, tmp_path: Path) -> Callable[..., Path]:
    """Writes an export again, beside nothing else."""

    def write(export: Parent = parent) -> Path:
        return renew(export, tmp_path, data=config.data, evaluate=config.evaluate)

    return write


@needs_int8
def test_a_training_notes_what_int8_costs_on_every_text(parent: Parent) -> None:
    entry = parent.manifest.reduced_precision

    assert entry is not None
    assert (entry.dtype, entry.tolerance) == ("int8", 1e-4)
    figures = ["log-likelihood", "word_top_1", "word_top_3", "word_top_5"]
    assert [(metric.data, metric.split, metric.name) for metric in entry.metrics] == [
        *(("held-out end", "validation", name) for name in figures),
        *(("unseen", "evaluation", name) for name in figures),
        ("held-out end", "validation", "largest difference"),
    ]
    for metric in entry.metrics[:-1]:
        assert metric.value == pytest.approx(metric.baselines["float32"], abs=1e-3)
    assert 0 < entry.metrics[-1].value < 5e-5


@needs_int8
def test_float32_figures_are_those_of_the_evaluation(parent: Parent) -> None:
    entry = parent.manifest.reduced_precision
    stated = {metric.name: metric.value for metric in parent.manifest.metrics}

    assert entry is not None
    found = {m.name: m.baselines["float32"] for m in entry.metrics if m.data == "unseen"}
    assert np.exp(-found["log-likelihood"]) == pytest.approx(stated["perplexity"], rel=1e-3)
    for name in ("word_top_1", "word_top_3", "word_top_5"):
        assert found[name] == pytest.approx(stated[name], abs=1e-4)


def test_what_loses_too_much_is_refused(
    parent: Parent, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "MAY_LOSE", -1.0)  # nothing gains as much
    with pytest.raises(ExportError, match="log-likelihood falls from"):
        measure_precision(parent.folder, corpus)


def test_a_refusal_or_a_lack_leaves_an_export_in_float32(
    renewed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "MAY_LOSE", -1.0)
    refused = renewed()
    monkeypatch.setattr(precision, "supported", lambda _: False)
    lacking = renewed()

    assert [folder.name for folder in (refused, lacking)] == ["1", "2"]
    assert all(read_manifest(each).reduced_precision is None for each in (refused, lacking))


def test_a_renewed_export_is_what_its_training_wrote(
    parent: Parent, renewed: Callable[..., Path]
) -> None:
    folder = renewed()
    manifest = read_manifest(folder)

    # The graph's file names its classes by what the process made before; its weights are the same.
    old = parent.manifest
    training = dict(manifest.training)
    assert training.pop("renewed")["sha256"] == old.files["model.pt"].sha256
    assert replace(manifest, created=old.created, files=old.files, training=training) == old
    weights = Parent(folder, manifest).weights()
    assert all(torch.equal(weights[name], tensor) for name, tensor in parent.weights().items())
    for name in ("golden.json", "report.html", "vocabulary.txt", "casing.txt"):
        assert (folder / name).read_bytes() == (parent.folder / name).read_bytes()
    assert str(folder.parents[1]) not in (folder / "manifest.json").read_text()


def test_an_export_of_another_text_is_not_renewed(
    config: NextWordTraining, renewed: Callable[..., Path]
) -> None:
    assert config.data is not None
    config.data.write_text(TEXT + "One more line.")
    try:
        with pytest.raises(DataError, match=r"was not trained on this pets\.txt"):
            renewed()
    finally:
        config.data.write_text(TEXT)


def test_a_text_of_ones_own_has_to_be_given_again(parent: Parent, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"made with --data pets\.txt: give that text again"):
        renew(parent, tmp_path)


def test_an_export_with_another_vocabulary_is_not_renewed(
    parent: Parent, renewed: Callable[..., Path]
) -> None:
    parameters = {**parent.manifest.parameters, "vocabulary_file": "casing.txt"}
    with pytest.raises(DataError, match="another vocabulary than its text gives"):
        renewed(replace(parent, manifest=replace(parent.manifest, parameters=parameters)))


def test_weights_of_another_network_are_not_renewed(
    parent: Parent, renewed: Callable[..., Path]
) -> None:
    training = {"config": {**parent.options, "hidden_size": 10}}
    with pytest.raises(DataError, match="its weights do not fit this version"):
        renewed(replace(parent, manifest=replace(parent.manifest, training=training)))
