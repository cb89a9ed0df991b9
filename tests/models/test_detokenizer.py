"""Words back to text: it reads well, and cutting it gives the same words again."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.detokenizer import Writer
from models.tokenizer import DEFAULT_SPEC, Tokenizer

TOKENIZER = Tokenizer.from_spec(DEFAULT_SPEC)
CASED = Tokenizer.from_spec(DEFAULT_SPEC | {"lowercase": False})


def written(words: list[str], before: str = "", tokenizer: Tokenizer = TOKENIZER) -> str:
    writer = Writer(tokenizer, before)
    return "".join([writer.add(word) for word in words])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("She left, and he stayed; why? No one knew!", id="marks"),
        pytest.param('"Come in," she said. "It\'s cold."', id="quotations"),
        pytest.param(
            '"Where?" she asked, "and when?" he said. She said, "No."', id="a-question-goes-on"
        ),
        pytest.param("He said: \"Don't.\" I'd gone.", id="contractions-and-i"),
        pytest.param("The girl's hat; the girls' hats.", id="possessives"),
        pytest.param("A well-known man\u2014or was he?\u2014left...", id="dashes-and-dots"),
        pytest.param(
            "'Tis he (the king), [sic] of 'em. [He left.] So.", id="brackets-and-elisions"
        ),
        pytest.param("Mr. Smith and Dr. Jones.", id="titles"),
        pytest.param('One.\n\n"Two," he said.\n\nThree.', id="paragraphs"),
        pytest.param("It cost $0, or 0% and/or #0.", id="signs"),
        pytest.param("'Come,' he said. 'Now.'", id="single-quotations"),
    ],
)
def test_text_reads_as_people_write_it(text: str) -> None:
    assert written(TOKENIZER.words(text)) == text


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        pytest.param("She looked", ["out", ",", "and"], " out, and", id="within-a-sentence"),
        pytest.param("She looked ", ["out"], "out", id="after-a-space"),
        pytest.param("", ["out"], "Out", id="at-the-start"),
        pytest.param("She left.", ["he", "stayed"], " He stayed", id="a-new-sentence"),
        pytest.param('He said, "come', ["in", '"', "and"], ' in" and', id="an-open-quotation"),
        pytest.param('"Come."', ['"', "why"], ' "Why', id="a-closed-quotation"),
        pytest.param('"Open.\n\n', ['"', "why"], '"Why', id="a-paragraph-closes-quotations"),
        pytest.param("well-", ["known"], "known", id="after-a-hyphen"),
        pytest.param("Do you", ["--", "no", "--"], "\u2014no\u2014", id="dashes"),
        pytest.param("the girl", ["'s"], "'s", id="a-possessive"),
        pytest.param("In 1984,", ["i"], " I", id="after-a-number"),
    ],
)
def test_what_was_there_before_decides_how_it_goes_on(
    before: str, words: list[str], after: str
) -> None:
    assert written(words, before) == after


def test_without_lower_casing_nothing_is_capitalised() -> None:
    assert written(["the", "End", ".", "i"], tokenizer=CASED) == "the End. i"


def test_a_letter_without_a_capital_of_its_own_stays() -> None:
    assert written(["\u00dfe"]) == "\u00dfe"


TOKENS = [
    *("the", "it", "i", "s", "em", "tis", "dogs", "caf\u00e9", "it's", "'s", "'tis", "o'clock"),
    *('"', "'", ".", ",", "?", "!", ":", ";", "-", "--", "...", "(", ")", "[", "$", "%", "/", "*"),
    *("\n\n", "\n", " ", "  ", "7", "1,000", "21st", "<", ">", "\\", "|", "\u00a7"),
]
texts = st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join) | st.text(max_size=40)


@given(texts)
@example("no . . . . ' s ' ' 's 'em it \" .\"")
def test_cutting_what_was_written_gives_the_same_words(text: str) -> None:
    words = TOKENIZER.words(text)

    assert TOKENIZER.words(written(words)) == words


@given(texts, st.integers(0, 25))
def test_writing_in_two_goes_is_writing_in_one(text: str, n_first: int) -> None:
    words = TOKENIZER.words(text)
    first = written(words[:n_first])

    assert first + written(words[n_first:], first) == written(words)


def test_names_are_written_with_their_capitals() -> None:
    writer = Writer(TOKENIZER, "we met", {"london": "London", "fbi": "FBI"})

    written_words = [writer.add(word) for word in ("the", "fbi", "in", "london", ".", "then")]

    assert "".join(written_words) == " the FBI in London. Then"
