import json
from typing import Any

import pytest

from models.tokenizer import (
    DEFAULT_SPEC,
    NUMBER,
    PADDING,
    PARAGRAPH,
    UNKNOWN,
    Tokenizer,
    Vocabulary,
    is_shown,
)

TOKENIZER = Tokenizer.from_spec(DEFAULT_SPEC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Don't I'm o'clock", ["don't", "i'm", "o'clock"], id="contractions"),
        pytest.param("It's the girl's.", ["it's", "the", "girl", "'s", "."], id="possessives"),
        pytest.param("He\u2019s \u201cin\u201d", ["he's", '"', "in", '"'], id="curly-quotes"),
        pytest.param("wait\u2014what\u2026", ["wait", "--", "what", "..."], id="dashes-and-dots"),
        pytest.param("no. . . .", ["no", "..."], id="spaced-dots"),
        pytest.param("a well-known", ["a", "well", "-", "known"], id="hyphens"),
        pytest.param("on the 21st, 1,000.5", ["on", "the", NUMBER, ",", NUMBER], id="numbers"),
        pytest.param("one\n \n\ntwo\nthree", ["one", PARAGRAPH, "two", "three"], id="blank-lines"),
        pytest.param("'Tis 'em' 'quoted'", ["'tis", "'em", "'", "'", "quoted", "'"], id="quotes"),
        pytest.param("\ufeff_Caf\u00e9_", ["caf\u00e9"], id="marks-of-files"),
        pytest.param("", [], id="nothing"),
        pytest.param(" \t\n", [], id="blank"),
    ],
)
def test_text_is_cut_into_words_and_marks(text: str, words: list[str]) -> None:
    assert TOKENIZER.words(text) == words


def test_the_rules_survive_the_manifest() -> None:
    carried = Tokenizer.from_spec(json.loads(json.dumps(DEFAULT_SPEC)))

    assert carried.words("It\u2019s 5 o'clock\u2026") == ["it's", NUMBER, "o'clock", "..."]


def test_other_rules_cut_otherwise() -> None:
    spec = {
        "lowercase": False,
        "replacements": [["x", "y"]],
        "pattern": r"\w|(?P<mark>!)",
        "tokens": {"mark": "<mark>"},
    }

    assert Tokenizer.from_spec(spec).words("Ax !") == ["A", "y", "<mark>"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pattern": "("}, id="pattern"),
        pytest.param({"tokens": {}}, id="missing-group"),
        pytest.param({"tokens": None}, id="no-tokens"),
        pytest.param({"replacements": [["a"]]}, id="half-a-replacement"),
    ],
)
def test_rules_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="token"):
        Tokenizer.from_spec(DEFAULT_SPEC | change)


def test_ids_are_lines_and_unknown_words_share_one() -> None:
    vocabulary = Vocabulary.from_text("<pad>\n<unk>\n,\nthe\ncat\n")

    assert vocabulary.ids(["the", "dog", ",", "cat"]) == [3, 1, 2, 4]
    assert len(vocabulary) == 5
    assert vocabulary.first_word_id == 3
    assert vocabulary.to_text() == "<pad>\n<unk>\n,\nthe\ncat\n"


@pytest.mark.parametrize(
    ("words", "context"),
    [
        pytest.param([], [0, 0, 0], id="empty"),
        pytest.param(["cat"], [0, 0, 3], id="short"),
        pytest.param(["cat", "the", "the", "cat"], [2, 2, 3], id="long-keeps-the-last"),
    ],
)
def test_contexts_are_padded_on_the_left(words: list[str], context: list[int]) -> None:
    assert Vocabulary([PADDING, UNKNOWN, "the", "cat"]).context(words, 3) == context


def test_a_context_of_no_words_is_empty() -> None:
    assert Vocabulary([PADDING, UNKNOWN, "the"]).context(["the"], 0) == []


@pytest.mark.parametrize("words", [["the"], [PADDING, UNKNOWN, "a", "a"]])
def test_a_vocabulary_without_its_specials_or_with_doubles_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary(words)


def test_only_words_are_shown() -> None:
    shown = [
        word for word in ("the", "i'm", "'tis", "'s", "'", ".", NUMBER, "--") if is_shown(word)
    ]

    assert shown == ["the", "i'm", "'tis"]
