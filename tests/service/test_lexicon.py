"""What the words of an export are to the service."""

from pathlib import Path

import pytest

from models.export_folder import read_manifest
from models.tokenizer import PADDING_ID, UNKNOWN_ID
from service.tasks.half_word import half_word
from service.tasks.lexicon import Lexicon
from tests.service.tiny_networks import WORDS


@pytest.fixture
def lexicon(tiny_repository: Path) -> Lexicon:
    folder = tiny_repository / "next-word" / "1"
    return Lexicon(read_manifest(folder).parameters, folder)


def test_an_unknown_word_stands_before_few_words_from_the_middle(lexicon: Lexicon) -> None:
    first = WORDS.index("aa")

    assert lexicon.inside([]) == [PADDING_ID] * 3
    assert lexicon.inside(["aa"]) == [PADDING_ID, UNKNOWN_ID, first]
    assert lexicon.inside(["aa", "ab"]) == [UNKNOWN_ID, first, first + 1]
    assert lexicon.inside(["aa", "ab", "ac"]) == [first, first + 1, first + 2]  # all it reads


@pytest.mark.parametrize(
    ("text", "before", "letters"),
    [
        ("we met in Lon", "we met in ", "Lon"),
        ("we met in ", "we met in ", ""),
        ("I don\u2019", "I ", "don'"),
        ("well-kn", "well-", "kn"),
        ("at 10", "at 10", ""),
        ("na\u00efve", "", "na\u00efve"),
        ('he said "c', 'he said "', "c"),
    ],
)
def test_a_half_typed_word_is_split_off(
    lexicon: Lexicon, text: str, before: str, letters: str
) -> None:
    found = half_word(text, lexicon)

    assert (found.before, found.letters) == (before, letters)


def test_an_export_without_a_casing_writes_small_letters(tiny_repository: Path) -> None:
    folder = tiny_repository / "next-word" / "1"
    parameters = dict(read_manifest(folder).parameters)
    del parameters["casing_file"]

    assert Lexicon(parameters, folder).written(["london"], ["in"]) == ["london"]
