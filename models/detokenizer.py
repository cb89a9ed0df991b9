"""Words and marks back to text as people write it. Standard library only."""

from collections import deque
from dataclasses import dataclass

from models.tokenizer import NUMBER, PARAGRAPH, Tokenizer

_ENDS_A_SENTENCE = frozenset(".?!")
_JOINS_THE_LEFT = frozenset([",", ".", ";", ":", "?", "!", ")", "]", "}", "%", "...", "'s"])
_JOINS_THE_RIGHT = frozenset(["(", "[", "{", "$", "£", "#", "@"])
_CLOSES = frozenset(")]}")
_JOINS_BOTH = frozenset(["-", "--", "/"])
_QUOTES = frozenset("\"'")
_TITLES = frozenset(["mr", "mrs", "ms", "dr"])
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

    Cutting what was written into words gives the same words again: where joining two of them
    would make another word, a space stays between them.
    """

    def __init__(self, tokenizer: Tokenizer, text: str = "") -> None:
        self._tokenizer = tokenizer
        self._tail: deque[_Piece] = deque(maxlen=_N_CHECKED)
        self._open: set[str] = set()
        self._joins_next = True
        self._starts_sentence = True
        self._spoken = False  # a quotation of this sentence was interrupted
        for word in tokenizer.words(text):
            self.add(word)
        if text[-1:].isspace() and self._tail:
            self._tail[-1].text += " "
            self._joins_next = True

    def add(self, word: str) -> str:
        """The text of the next word, with the space in front of it if there is one."""
        opens = self._opens(word)
        text = self._capitalised(word)
        space = self._space(word, text, opens=opens)
        self._follow(word, opens=opens)
        self._tail.append(_Piece(word, space + text))
        return space + text

    @property
    def _last(self) -> str:
        return self._tail[-1].word if self._tail else ""

    def _opens(self, word: str) -> bool:
        if word not in _QUOTES or word in self._open:
            return False
        # The girls' house: no quotation.
        return not (word == "'" and self._last.isalpha() and self._last.endswith("s"))

    def _capitalised(self, word: str) -> str:
        text = _SHOWN.get(word, word)
        proper = word == "i" or word.startswith("i'") or word in _TITLES
        if not self._tokenizer.lowercase or not (proper or self._starts_sentence):
            return text
        at = 1 if text[0] == "'" else 0
        capital = text[at : at + 1].upper()
        lost = capital.lower() != text[at : at + 1]
        return text if lost else text[:at] + capital + text[at + 1 :]

    def _space(self, word: str, text: str, *, opens: bool) -> str:
        """The shortest gap that reads well and keeps the words apart."""
        joins_last = word in _JOINS_THE_LEFT or word in _JOINS_BOTH or word == PARAGRAPH
        joins = self._joins_next or joins_last or (word in _QUOTES and not opens)
        before = "".join(piece.text for piece in self._tail)
        wanted = [*(piece.word for piece in self._tail), word]
        gaps = ("", " ", "  ") if joins else (" ", "  ")
        right = (gap for gap in gaps if self._tokenizer.words(before + gap + text) == wanted)
        return next(right, gaps[0])

    def _follow(self, word: str, *, opens: bool) -> None:
        """What ``word`` means for the one after it."""
        self._joins_next = opens or word in _JOINS_THE_RIGHT | _JOINS_BOTH or word == PARAGRAPH
        if opens:
            speaks = self._last in {",", ":"} and not self._spoken
            self._starts_sentence = self._starts_sentence or speaks
            self._open.add(word)
        elif word in self._open:  # "No." She left. But: "No?" she said.
            self._starts_sentence = self._last == "."
            self._spoken = not self._starts_sentence
            self._open.discard(word)
        elif word == PARAGRAPH:
            self._starts_sentence, self._spoken = True, False
            self._open.clear()
        elif word not in _JOINS_THE_RIGHT | _CLOSES:
            self._starts_sentence = word in _ENDS_A_SENTENCE
            self._spoken = self._spoken and not self._starts_sentence
