"""Words in the order of the alphabet, so that words that begin alike are one range of ranks.

Behind the words come marks, then what is never shown (padding, unknown, number, blank line).
Standard library only: the export is made with the order, and the service asks by it.
"""

from bisect import bisect_left
from functools import cached_property

from models.tokenizer import NUMBER, PADDING, PARAGRAPH, UNKNOWN, Vocabulary

NEVER_SHOWN = frozenset([PADDING, UNKNOWN, NUMBER, PARAGRAPH])
_LAST = chr(0x10FFFF)


class WordOrder:
    """The order of one vocabulary; a range of ranks starts with its first and ends before its last.

    A rank is the place in this order, an id the place in the vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        words = vocabulary.words
        first = vocabulary.first_word_id
        self._shown = sorted(range(first, len(words)), key=words.__getitem__)
        self._sorted = [words[number] for number in self._shown]
        self._marks = [at for at in range(first) if words[at] not in NEVER_SHOWN]
        self._hidden = [at for at in range(first) if words[at] in NEVER_SHOWN]

    @cached_property
    def ranks(self) -> list[int]:
        """The rank of each id."""
        ranks = [0] * (len(self._sorted) + len(self._marks) + len(self._hidden))
        for rank, number in enumerate([*self._shown, *self._marks, *self._hidden]):
            ranks[number] = rank
        return ranks

    def words(self) -> tuple[int, int]:
        """The range of all words."""
        return 0, len(self._sorted)

    def words_and_marks(self) -> tuple[int, int]:
        """The range of all words and marks."""
        return 0, len(self._sorted) + len(self._marks)

    def beginning_with(self, letters: str) -> tuple[int, int]:
        """The range of the words that begin with ``letters``, in lower case."""
        return bisect_left(self._sorted, letters), bisect_left(self._sorted, letters + _LAST)
