"""Where a sentence starts, and how a word is written there."""

import pytest

from models.sentence import Sentence
from models.tokenizer import DEFAULT_SPEC, Tokenizer

TOKENIZER = Tokenizer.from_spec(DEFAULT_SPEC)
CASING = {"london": "London", "i": "I", "fbi": "FBI"}


@pytest.mark.parametrize(
    ("before", "word", "expected"),
    [
        pytest.param("", "out", "Out", id="at-the-start"),
        pytest.param("we met in", "london", "London", id="a-name"),
        pytest.param("we met in", "town", "town", id="no-name"),
        pytest.param("She left.", "he", "He", id="a-new-sentence"),
        pytest.param('He said, "', "come", "Come", id="a-quotation"),
        pytest.param('"Where?" she', "asked", "asked", id="after-a-quotation"),
        pytest.param("said the", "fbi", "FBI", id="an-acronym"),
        pytest.param("and", "i'll", "I'll", id="a-contraction-of-i"),
        pytest.param("hello", "mr", "Mr", id="a-title"),
        pytest.param("One.\n\n", "two", "Two", id="a-paragraph"),
    ],
)
def test_a_word_is_written_as_it_stands_there(before: str, word: str, expected: str) -> None:
    sentence = Sentence()
    for each in TOKENIZER.words(before):
        sentence.follow(each)

    assert sentence.written(word, CASING) == expected
