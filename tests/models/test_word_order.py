"""Words that begin alike are one range of ranks."""

from models.tokenizer import PADDING, PARAGRAPH, UNKNOWN, Vocabulary
from models.word_order import WordOrder

WORDS = [
    PADDING,
    UNKNOWN,
    PARAGRAPH,
    ",",
    ".",
    "the",
    "i'm",
    "cat",
    "then",
    "i",
    "caf\u00e9",
    "'tis",
]
ORDER = WordOrder(Vocabulary(WORDS))


def words_in(low: int, high: int) -> list[str]:
    by_rank = dict(zip(ORDER.ranks, WORDS, strict=True))
    return [by_rank[rank] for rank in range(low, high)]


def test_every_word_has_a_rank_of_its_own() -> None:
    assert sorted(ORDER.ranks) == list(range(len(WORDS)))


def test_words_come_first_in_the_order_of_the_alphabet_then_marks() -> None:
    shown = ["'tis", "caf\u00e9", "cat", "i", "i'm", "the", "then"]

    assert words_in(*ORDER.words()) == shown
    assert words_in(*ORDER.words_and_marks()) == [*shown, ",", "."]


def test_a_range_holds_the_words_that_begin_with_the_letters() -> None:
    assert words_in(*ORDER.beginning_with("the")) == ["the", "then"]
    assert words_in(*ORDER.beginning_with("i'")) == ["i'm"]
    assert words_in(*ORDER.beginning_with("caf")) == ["caf\u00e9"]
    assert words_in(*ORDER.beginning_with("")) == words_in(*ORDER.words())
    assert words_in(*ORDER.beginning_with("thex")) == []
