import pytest

from models.casing import capitalised, from_text, to_text


def test_a_casing_is_read_as_it_was_written() -> None:
    casing = {"london": "London", "i'm": "I'm", "fbi": "FBI"}

    assert from_text(to_text(casing)) == casing


@pytest.mark.parametrize("text", ["london\n", "London\nlondon\n", "London\nLONDON\n"])
def test_what_is_no_list_of_words_with_capitals_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="capitals"):
        from_text(text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("out", "Out"),
        ("'tis", "'Tis"),
        ("FBI", "FBI"),
        ("", ""),
        ("\u00dfe", "\u00dfe"),
        (",", ","),
    ],
)
def test_the_first_letter_becomes_a_capital(word: str, expected: str) -> None:
    assert capitalised(word) == expected
