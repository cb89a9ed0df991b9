"""Where in a sentence a text is, word after word, and so which words get a capital.

Standard library only.
"""

from collections.abc import Mapping

from models.casing import capitalised
from models.tokenizer import PARAGRAPH

_ENDS_A_SENTENCE = frozenset(".?!")
_OPENS_BRACKET = frozenset(["(", "[", "{", "$", "\u00a3", "#", "@"])
_CLOSES_BRACKET = frozenset(")]}")
QUOTES = frozenset("\"'")
_TITLES = frozenset(["mr", "mrs", "ms", "dr"])


class Sentence:
    """Follows a text; ``starts`` tells whether the next word is the first of a sentence."""

    def __init__(self) -> None:
        self.starts = True
        self._last = ""
        self._open: set[str] = set()
        self._spoken = False  # a quotation of this sentence was interrupted

    def opens(self, word: str) -> bool:
        """Whether ``word``, coming next, is a quotation mark that opens."""
        if word not in QUOTES or word in self._open:
            return False
        # The girls' house: no quotation.
        return not (word == "'" and self._last.isalpha() and self._last.endswith("s"))

    def follow(self, word: str) -> None:
        """Take the next word or mark."""
        if self.opens(word):
            speaks = self._last in {",", ":"} and not self._spoken
            self.starts = self.starts or speaks
            self._open.add(word)
        elif word in self._open:  # "No." She left. But: "No?" she said.
            self.starts = self._last == "."
            self._spoken = not self.starts
            self._open.discard(word)
        elif word == PARAGRAPH:
            self.starts, self._spoken = True, False
            self._open.clear()
        elif word not in _OPENS_BRACKET | _CLOSES_BRACKET:
            self.starts = word in _ENDS_A_SENTENCE
            self._spoken = self._spoken and not self.starts
        self._last = word

    def written(self, word: str, casing: Mapping[str, str]) -> str:
        """``word`` as it is written when it comes next."""
        text = casing.get(word, word)
        proper = word == "i" or word.startswith("i'") or word in _TITLES
        return capitalised(text) if proper or self.starts else text
