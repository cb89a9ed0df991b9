"""Words and marks back to text as people write it. Standard library only."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from models.sentence import QUOTES, Sentence
from models.tokenizer import NUMBER, PARAGRAPH, Tokenizer

_JOINS_THE_LEFT = frozenset([",", ".", ";", ":", "?", "!", ")", "]", "}", "%", "...", "'s"])
_JOINS_THE_RIGHT = frozenset(["(", "[", "{", "$", "£", "#", "@"])
_JOINS_BOTH = frozenset(["-", "--", "/"])
# Any number is the same to the tokenizer.
_SHOWN = {"--": "\u2014", PARAGRAPH: "\n\n", NUMBER: "0"}
# So much of the text so far is cut into words again, to see that a new piece changes none of them.
_N_CHECKED = 4


@dataclass(slots=True)
class _Piece:
    word: str
    text: str


class Writer:
    """Writes one word after the other behind ``text``, spaced and capitalised.

    ``casing`` are the words that are written with capitals wherever they stand. Cutting what was
    written into words gives the same words again: where joining two of them would make another
    word, a space stays between them.
    """

    def __init__(
        self, tokenizer: Tokenizer, text: str = "", casing: Mapping[str, str] | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._casing = casing or {}
        self._tail: deque[_Piece] = deque(maxlen=_N_CHECKED)
        self._sentence = Sentence()
        self._joins_next = True
        for word in tokenizer.words(text):
            self.add(word)
        if text[-1:].isspace() and self._tail:
            self._tail[-1].text += " "
            self._joins_next = True

    def add(self, word: str) -> str:
        """The text of the next word, with the space in front of it if there is one."""
        opens = self._sentence.opens(word)
        text = self._shown(word)
        space = self._space(word, text, opens=opens)
        self._sentence.follow(word)
        self._joins_next = opens or word in _JOINS_THE_RIGHT | _JOINS_BOTH or word == PARAGRAPH
        self._tail.append(_Piece(word, space + text))
        return space + text

    def _shown(self, word: str) -> str:
        if word in _SHOWN:
            return _SHOWN[word]
        return self._sentence.written(word, self._casing) if self._tokenizer.lowercase else word

    def _space(self, word: str, text: str, *, opens: bool) -> str:
        """The shortest gap that reads well and keeps the words apart."""
        joins_last = word in _JOINS_THE_LEFT or word in _JOINS_BOTH or word == PARAGRAPH
        joins = self._joins_next or joins_last or (word in QUOTES and not opens)
        before = "".join(piece.text for piece in self._tail)
        wanted = [*(piece.word for piece in self._tail), word]
        gaps = ("", " ", "  ") if joins else (" ", "  ")
        right = (gap for gap in gaps if self._tokenizer.words(before + gap + text) == wanted)
        return next(right, gaps[0])
