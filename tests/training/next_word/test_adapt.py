"""A tiny network of pets, adapted to a text about other animals: real but for its quality."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import digest_file, read_manifest
from models.tokenizer import UNKNOWN_ID, Vocabulary
from training.errors import DataError, Interrupted, NotRecommended
from training.fine_tuning.parent import Parent, find_parent
from training.next_word import adapt, describe, own_text
from training.next_word.adapting_task import AdaptingTask
from training.next_word.batches import TextBatch
from training.next_word.config import NextWordTraining
from training.next_word.contenders import passages, score
from training.next_word.corpus import Corpus
from training.next_word.extending import extended
from training.next_word.own_text import find_old_text, read_own_text
from training.next_word.parent_network import Reader, read_parent, with_sizes_of
from training.next_word.scoring import log_probabilities
from training.next_word.spelling import Spelling
from training.next_word.task import NextWordTask
from training.next_word.train import train

PETS = "The cat sat on the mat. The dog sat on the log, and it's late.\n\n"
ZOO = "The zebra sat on the mat. The dog sat on the zebra; so it's § late.\n\n"
UNCHANGED = "next-word/1 unchanged"


def config(folder: Path, **changes: object) -> NextWordTraining:
    settings: dict[str, object] = {
        "repository": folder / "repository",
        "runs": folder / "runs",
        "context_length": 4,
        "embedding_size": 8,
        "hidden_size": 8,
        "gate_size": 8,
        "steps": 40,
        "validate_every": 20,
        "warmup_steps": 5,
        "batch_size": 8,
        "segment_length": 16,
        "learning_rate": 0.03,
        "average_decay": 0.9,
        "frequent_words": 5,
        "sampled_words": 0,
        "baseline_order": 3,
        "precision": "float32",
    }
    return NextWordTraining(**(settings | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parent in ``repository`` and two texts."""
    place = tmp_path_factory.mktemp("adapt")
    (place / "pets.txt").write_text(PETS * 150)
    (place / "zoo.txt").write_text((ZOO + PETS) * 90)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(describe, "build_page", lambda *_: "a report")  # which takes longest
        train(config(place, data=place / "pets.txt"))
    return place


def adapting(folder: Path, **changes: object) -> NextWordTraining:
    chosen = {
        "data": folder / "zoo.txt",
        "from_": "next-word",
        "name": "zoo",
        "held_out_share": 0.1,
        "steps": 10,
        "validate_every": 5,
        "learning_rate": 0.01,
    }
    return config(folder, **(chosen | changes))


@pytest.fixture(scope="module")
def export(folder: Path) -> Path:
    return train(adapting(folder, anyway=True))


@pytest.fixture
def parent(folder: Path) -> Parent:
    return find_parent("next-word", folder / "repository", "next-word")


@pytest.fixture
def reader(parent: Parent, folder: Path) -> Reader:
    return read_parent(parent, with_sizes_of(parent, adapting(folder)))[0]


def test_an_adapted_export_knows_the_new_words_and_its_parent(export: Path, folder: Path) -> None:
    manifest = read_manifest(export)
    parent = folder / "repository" / "next-word" / "1"
    words = (export / "vocabulary.txt").read_text().split()

    assert set(words) - set((parent / "vocabulary.txt").read_text().split()) == {
        "zebra",
        "so",
        ";",
        "§",
    }
    assert manifest.parameters["first_word_id"] == words.index("the")
    assert manifest.training["from"]["sha256"] == digest_file(parent / "model.pt").sha256
    assert manifest.data[0].sha256 == digest_file(folder / "zoo.txt").sha256
    assert manifest.inputs[0].shape == (-1, 4)


def test_its_perplexity_stands_beside_that_of_every_alternative(export: Path) -> None:
    manifest = read_manifest(export)

    perplexity = manifest.metrics[0]
    rivals = {"trained from scratch", "Kneser-Ney, own text", UNCHANGED}
    assert perplexity.name == "perplexity_per_word"
    assert set(perplexity.baselines) == rivals
    assert perplexity.value < perplexity.baselines[UNCHANGED]
    assert {c["rival"] for c in manifest.training["recommendation"]["contests"]} == rivals


def test_the_report_shows_what_was_suggested_before_and_now(export: Path) -> None:
    page = (export / "report.html").read_text(encoding="utf-8")

    for heading in ("Beside the alternatives", "Suggestions before and after", "New words"):
        assert f"<h2>{heading}</h2>" in page
    assert "zebra" in page


@pytest.fixture
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the report, which takes longest."""
    monkeypatch.setattr(adapt, "adapted_page", lambda _: "a report")


@pytest.mark.usefixtures("no_page")
def test_what_is_no_better_is_not_exported_but_explained(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotRecommended, match="nothing was exported.*--anyway"):
        train(adapting(folder, name="worse", runs=tmp_path, steps=1, learning_rate=0.0))

    assert not (folder / "repository" / "worse").exists()
    assert (tmp_path / "worse" / "report.html").read_text() == "a report"


@pytest.mark.slow
@pytest.mark.usefixtures("no_page")
def test_ctrl_c_and_resume_end_as_if_never_stopped(
    export: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    original = NextWordTask.batch

    def batch(task: NextWordTask, step: int) -> TextBatch:
        asked.append((task._config.name, step))
        if asked == [*asked[:-1], ("zoo/adapted", 6)] and asked.count(("zoo/adapted", 6)) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return original(task, step)

    monkeypatch.setattr(NextWordTask, "batch", batch)
    settings = {"runs": tmp_path, "anyway": True}
    with pytest.raises(Interrupted):
        train(adapting(folder, **settings))
    n_before = len(asked)

    again = train(adapting(folder, **settings, resume=True))

    assert asked[n_before] == ("zoo/adapted", 7)
    golden = [json.loads((place / "golden.json").read_text()) for place in (export, again)]
    assert golden[0] == golden[1]


def test_known_words_keep_their_vectors_and_new_ones_take_from_the_unknown(
    reader: Reader, folder: Path
) -> None:
    learned = (["the", "zebra", "sat", "on", "the", "zebra", "gnu"]) * 5

    grown = extended(reader, learned, adapting(folder, min_count=6))

    new = grown.vocabulary.ids(["zebra"])[0]
    assert [word for word in grown.vocabulary.words if word not in reader.vocabulary.words] == [
        "zebra"
    ]
    for word in ("the", "sat", "."):
        old_id, new_id = reader.vocabulary.ids([word])[0], grown.vocabulary.ids([word])[0]
        torch.testing.assert_close(grown.network.words()[new_id], reader.network.words()[old_id])
    taken = grown.network.bias[[new, UNKNOWN_ID]].exp() / reader.network.bias[UNKNOWN_ID].exp()
    # Of 15 unknown words 10 are the new one; one more stands for those never seen.
    torch.testing.assert_close(taken, torch.tensor([10 / 16, 6 / 16]))


def test_a_text_without_new_words_leaves_the_network_as_it_is(reader: Reader, folder: Path) -> None:
    words = ["the", "cat", "sat", "on", "the", "log"] * 4

    grown = extended(reader, words, adapting(folder))

    ids = np.array(reader.vocabulary.ids(words))
    assert grown.vocabulary.words == reader.vocabulary.words
    np.testing.assert_array_equal(
        log_probabilities(grown.network, ids), log_probabilities(reader.network, ids)
    )


def test_no_more_words_are_added_than_there_is_room_for(reader: Reader, folder: Path) -> None:
    words = ["gnu"] * 9 + ["emu"] * 5 + ["the"] * 3
    room = len(reader.vocabulary) + 1

    grown = extended(reader, words, adapting(folder, vocabulary_size=room))

    assert set(grown.vocabulary.words) - set(reader.vocabulary.words) == {"gnu"}


def test_the_three_parts_of_a_text_do_not_overlap(folder: Path, parent: Parent) -> None:
    _, tokenizer = read_parent(parent, with_sizes_of(parent, adapting(folder)))

    text = read_own_text(adapting(folder), tokenizer, parent)

    whole = tokenizer.words((folder / "zoo.txt").read_text())
    assert text.learned + text.held_out + text.judged == whole
    assert len(text.judged) == len(text.held_out) == own_text.FEWEST_JUDGED // 2 or len(whole) // 4


def test_another_size_than_the_parents_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="--gate-size 9: it comes from next-word/1, where it is 8"):
        train(adapting(folder, gate_size=9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, "--from needs --data"),
        ({"data": "pets.txt"}, "has learned pets.txt already"),
        ({"data": "little.txt"}, "at least 1200 are needed"),
        ({"evaluate": "nowhere.txt"}, "nowhere.txt is not a file"),
    ],
)
def test_text_that_cannot_be_judged_on_is_refused(
    folder: Path, changes: dict[str, str | None], message: str
) -> None:
    (folder / "little.txt").write_text("three little words")
    paths = {name: value and folder / value for name, value in changes.items()}

    with pytest.raises(DataError, match=message):
        train(adapting(folder, **paths))


def test_the_parents_text_is_found_by_its_digest(
    folder: Path, parent: Parent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, tokenizer = read_parent(parent, with_sizes_of(parent, adapting(folder)))
    monkeypatch.setattr(own_text, "SHARED", folder)

    assert find_old_text(parent, tokenizer, smoke=False).replayed[:3] == ["the", "cat", "sat"]
    monkeypatch.setattr(own_text, "MODERN", "pets.txt")
    kept = find_old_text(parent, tokenizer, smoke=False).replayed
    assert 0 < len(kept) < len(tokenizer.words(PETS * 150))  # its tenth judges the shipped export
    (tmp_path / "pets.txt").write_text("Another text of that name.")
    monkeypatch.setattr(own_text, "SHARED", tmp_path)
    assert find_old_text(parent, tokenizer, smoke=False).replayed == []


def test_a_part_of_the_rows_is_of_the_parents_text(reader: Reader, folder: Path) -> None:
    options = adapting(folder)
    own = np.full(400, 5)
    corpus = Corpus(reader.vocabulary, own, own, own, "own", ())

    task = AdaptingTask(corpus, options, reader, np.full(300, 7))

    rows = task.batch(3).targets[:, -1].tolist()
    assert rows == [5] * 6 + [7] * 2
    with torch.no_grad():
        at_start = float(task.loss(task.batch(0)))
        task.trained.bias.add_(1.0)  # which changes no probability, but the distance
        pulled = float(task.loss(task.batch(0)))
    assert pulled - at_start == pytest.approx(1e-3 * len(reader.vocabulary), rel=1e-2)


def test_passages_are_means_of_a_hundred_words() -> None:
    errors = np.repeat([1.0, 3.0], 125)

    assert passages(errors) == pytest.approx([1.0, 3.0])
    assert len(passages(np.ones(30))) == 1


def test_knowing_a_word_pays_even_where_the_unknown_word_is_likely(reader: Reader) -> None:
    """Perplexity alone would praise whoever calls everything unknown."""
    ignorant = Reader(reader.network, Vocabulary(["<pad>", "<unk>", *map(str, range(90))]))
    words = ["the", "cat", "sat", "on", "the", "mat", "."] * 5
    spelling = Spelling(words)

    assert score(reader, words, spelling).mean() > score(ignorant, words, spelling).mean()


def test_the_shipped_export_can_be_adapted() -> None:
    parent = find_parent("next-word", Path("nowhere"), "next-word")

    read, _ = read_parent(parent, with_sizes_of(parent, NextWordTraining()))  # checks its answers

    assert len(read.network.bias) == len(read.vocabulary)
