"""The words of one next-word export: its tokenizer, its vocabulary, and how much it reads."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from models.casing import from_text
from models.sentence import Sentence
from models.tokenizer import UNKNOWN, UNKNOWN_ID, Tokenizer, Vocabulary
from models.word_order import WordOrder

# Only the last few words count, so only the end of a long text is cut into words.
CHARACTERS_PER_WORD = 200
N_SUGGESTIONS = 3
LIKE_ENOUGH = 0.7
MOST_CUT = 3


class Lexicon:
    """What the task and its further questions share.

    Raises:
        KeyError, TypeError, ValueError, OSError: the parameters or the vocabulary make no sense.
    """

    def __init__(self, parameters: Mapping[str, Any], folder: Path) -> None:
        self.context_length = int(parameters["context_length"])
        self.tokenizer = Tokenizer.from_spec(parameters["tokenizer"])
        file = folder / Path(parameters["vocabulary_file"]).name
        self.vocabulary = Vocabulary.from_text(file.read_text(encoding="utf-8"))
        self.order = WordOrder(self.vocabulary)
        self.casing = _casing(parameters, folder)

    def last_words(self, text: str) -> list[str]:
        """The words at the end of ``text``, all that can count and maybe some more."""
        return self.tokenizer.words(self.end_of(text))

    def end_of(self, text: str) -> str:
        """As much of the end of ``text`` as can count."""
        return text[-CHARACTERS_PER_WORD * self.context_length :]

    def context(self, words: list[str]) -> list[int]:
        """The ids that the model reads, padded on the left."""
        return self.vocabulary.context(words, self.context_length)

    def inside(self, words: list[str]) -> list[int]:
        """As ``context``, for a few words from the middle of a sentence.

        An unknown word in front tells that something was there. Of words cut out of the middle of
        sentences, perplexity fell from 306 to 274 after one, from 175 to 161 after two and from
        137 to 131 after three; after four it did not.
        """
        few = 0 < len(words) <= min(MOST_CUT, self.context_length - 1)
        return self.context([UNKNOWN, *words] if few else words)

    def written(self, words: Sequence[str], before: Sequence[str]) -> list[str]:
        """Each of ``words`` as it is written behind ``before``."""
        sentence = Sentence()
        for word in before:
            sentence.follow(word)
        if not self.tokenizer.lowercase:
            return list(words)
        return [sentence.written(word, self.casing) for word in words]

    def word(self, number: int) -> str:
        """The word of that id."""
        return self.vocabulary.words[number]

    def number(self, text: str) -> int:
        """The id of the one word in ``text``; ``UNKNOWN_ID`` if it is not one known word."""
        words = self.tokenizer.words(text)
        return self.vocabulary.ids(words)[0] if len(words) == 1 else UNKNOWN_ID

    def fault(self, text: str) -> str:
        """What is wrong with ``text``, whose number is ``UNKNOWN_ID``.

        It looks for words that are spelled alike, up to 20 ms: not on the event loop.
        """
        words = self.tokenizer.words(text)
        if len(words) == 1:
            return f"The model does not know {words[0]!r}{self._meant(words[0])}"
        parts = " and ".join(repr(word) for word in words[:4]) or "nothing"
        return f"Should be one word; the model reads {parts}"

    def _meant(self, word: str) -> str:
        """Words spelled alike, as the end of a sentence."""
        first = self.vocabulary.first_word_id
        near = [
            other
            for other in self.vocabulary.words[first:]
            if abs(len(other) - len(word)) <= 2 and (other[0] == word[0] or other[-1] == word[-1])
        ]
        found = get_close_matches(word, near, n=N_SUGGESTIONS, cutoff=LIKE_ENOUGH)
        return f"; it knows {', '.join(map(repr, found))}" if found else ""


def _casing(parameters: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """What the export tells of capitals; older ones tell nothing."""
    if "casing_file" not in parameters:
        return {}
    file = folder / Path(parameters["casing_file"]).name
    return from_text(file.read_text(encoding="utf-8"))
