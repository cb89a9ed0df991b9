from pathlib import Path

import pytest

from training.errors import DataError
from training.next_word import corpus as corpus_module
from training.next_word.config import NextWordTraining
from training.next_word.corpus import build_vocabulary, load_corpus

SENTENCE = "The cat sat on the mat, and 7 dogs barked.\n\n"  # 13 tokens with the blank line


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_end_of_the_text_is_held_out_and_stands_in_for_an_evaluation(tmp_path: Path) -> None:
    data = written(tmp_path / "cats.txt", SENTENCE * 100)
    corpus = load_corpus(NextWordTraining(data=data, held_out_share=0.25))

    assert (len(corpus.train), len(corpus.held_out)) == (975, 325)
    assert corpus.evaluation is corpus.held_out
    assert [(source.name, source.role) for source in corpus.sources] == [("cats.txt", "train")]


def test_another_text_can_be_measured_on(tmp_path: Path) -> None:
    data = written(tmp_path / "cats.txt", SENTENCE * 100)
    unseen = written(tmp_path / "unseen.txt", "The zebra sat.")
    corpus = load_corpus(NextWordTraining(data=data, evaluate=unseen))

    words = [corpus.vocabulary.words[number] for number in corpus.evaluation]
    assert words == ["the", "<unk>", "sat", "."]
    assert corpus.evaluation_name == "unseen"


def test_marks_come_before_words_and_frequent_words_first() -> None:
    words = ["cat"] * 3 + ["the"] * 5 + [","] * 4 + ["<number>"] * 3 + ["rare"]

    vocabulary = build_vocabulary(words, NextWordTraining(min_count=2))

    assert vocabulary.words == ("<pad>", "<unk>", "<paragraph>", ",", "<number>", "the", "cat")
    assert vocabulary.first_word_id == 5


def test_the_vocabulary_is_no_larger_than_asked() -> None:
    words = [f"w{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] * 3

    assert len(build_vocabulary(words, NextWordTraining(vocabulary_size=12))) == 12


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("", "holds 0 words", id="empty"),
        pytest.param("three little words", "holds 3 words", id="three-words"),
        pytest.param("! ? . " * 500, "no word stands", id="marks-only"),
    ],
)
def test_too_little_text_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    data = written(tmp_path / "little.txt", text)

    with pytest.raises(DataError, match=sentence):
        load_corpus(NextWordTraining(data=data))


def test_an_evaluation_text_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    data = written(tmp_path / "cats.txt", SENTENCE * 100)
    empty = written(tmp_path / "empty.txt", " ")

    with pytest.raises(DataError, match="is not a file"):
        load_corpus(NextWordTraining(data=data, evaluate=tmp_path / "nowhere"))
    with pytest.raises(DataError, match="holds no words"):
        load_corpus(NextWordTraining(data=data, evaluate=empty))


def test_without_data_and_without_the_shared_text_one_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_module, "SHARED", tmp_path / "nowhere")

    with pytest.raises(DataError, match="--data"):
        load_corpus(NextWordTraining())


def test_smoke_works_without_the_shared_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_module, "SHARED", tmp_path / "nowhere")

    corpus = load_corpus(NextWordTraining(smoke=True))

    assert [source.name for source in corpus.sources] == ["LICENSE"]
    assert "license" in corpus.vocabulary.words
