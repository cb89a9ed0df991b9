"""A text whose last word may be half typed: what stands before it, and its letters so far."""

import re
from typing import NamedTuple

from service.tasks.lexicon import Lexicon

_LETTER = r"[^\W\d_]"
# An apostrophe may come first ('tis) or inside (don't), also last, when it was just typed.
_LAST_WORD = re.compile(rf"'?{_LETTER}+(?:'{_LETTER}*)*$")


class HalfWord(NamedTuple):
    """``letters`` are as they were typed; ``low`` and ``high`` the ranks of words that fit."""

    before: str
    letters: str
    low: int
    high: int


def half_word(text: str, lexicon: Lexicon) -> HalfWord:
    """Split the last word off, unless ``text`` does not end with one."""
    text = lexicon.tokenizer.plain(text)
    found = _LAST_WORD.search(text)
    if found is None:
        return HalfWord(text, "", *lexicon.order.words())
    letters = found.group()
    low, high = _range(letters, lexicon)
    if low == high and letters.startswith("'"):  # it opens a quotation
        letters = letters[1:]
        low, high = _range(letters, lexicon)
    return HalfWord(text[: len(text) - len(letters)], letters, low, high)


def _range(letters: str, lexicon: Lexicon) -> tuple[int, int]:
    return lexicon.order.beginning_with(letters.lower() if lexicon.tokenizer.lowercase else letters)
