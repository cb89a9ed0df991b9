"""Which words have capitals in the middle of a sentence."""

from models.tokenizer import DEFAULT_SPEC, PADDING, UNKNOWN, Tokenizer, Vocabulary
from training.next_word.casing import casing_of

TOKENIZER = Tokenizer.from_spec(DEFAULT_SPEC)
WORDS = [
    "we",
    "went",
    "to",
    "london",
    "i",
    "the",
    "may",
    "it's",
    "fbi",
    "said",
    "come",
    "mark",
    "i'm",
    "chapter",
    "one",
]
VOCABULARY = Vocabulary([PADDING, UNKNOWN, ".", *WORDS])


def casing(text: str) -> dict[str, str]:
    return casing_of([text], TOKENIZER, VOCABULARY)


def test_names_and_acronyms_keep_their_capitals() -> None:
    text = "We went to London. The FBI said I\u2019m to come. " * 3

    assert casing(text) == {"london": "London", "fbi": "FBI", "i'm": "I'm"}


def test_a_capital_at_the_start_of_a_sentence_or_quotation_says_nothing() -> None:
    assert casing('The mark. We said, "Come." It\u2019s one.\n\nChapter. ' * 5) == {}


def test_headings_say_nothing() -> None:
    assert casing("we said CHAPTER ONE to MARK " * 5) == {"mark": "MARK", "chapter": "CHAPTER"}


def test_the_form_of_most_places_counts_and_few_places_do_not() -> None:
    assert casing("we may, in May we may " * 4) == {}
    assert casing("to Mark we said " * 2) == {}


def test_a_tokenizer_that_keeps_capitals_needs_no_casing() -> None:
    cased = Tokenizer.from_spec(DEFAULT_SPEC | {"lowercase": False})

    assert casing_of(["We went to London. " * 5], cased, VOCABULARY) == {}
