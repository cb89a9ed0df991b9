"""Keystrokes that suggestions save, as reports on phone keyboards count them.

A word is typed letter by letter; before the first and after every letter the three likeliest words
that begin with what was typed are shown. As soon as the right one is among them, one keystroke
takes it, the space after it included. Without help a word costs its letters and the space. Marks
are not counted, on neither side.
"""

import numpy as np
from numpy.typing import NDArray

from models.tokenizer import Vocabulary
from models.word_order import WordOrder

Words = NDArray[np.int64]
N_SHOWN = 3


class Keyboard:
    """Shows the likeliest words of a vocabulary that begin with some letters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.first_word_id = vocabulary.first_word_id
        self._words = vocabulary.words
        self._order = WordOrder(vocabulary)
        self._by_rank = np.argsort(self._order.ranks)

    def typed(self, likelier: NDArray[np.bool_], targets: Words) -> Words:
        """Letters to type until each target is shown; all of them if it is unknown or a mark.

        Shape:
            likelier: (position, vocabulary), the words that were thought likelier than the target.
            returns: (position,), -1 where a target is no word of the vocabulary.
        """
        ordered = likelier[:, self._by_rank]
        return np.array(
            [self._letters(row, int(target)) for row, target in zip(ordered, targets, strict=True)]
        )

    def _letters(self, likelier: NDArray[np.bool_], target: int) -> int:
        if target < self.first_word_id:
            return -1
        word = self._words[target]
        for n_typed in range(len(word)):
            low, high = self._order.beginning_with(word[:n_typed])
            if int(likelier[low:high].sum()) < N_SHOWN:
                return n_typed
        return len(word)


def keystrokes_saved(typed: Words, letters: Words) -> float:
    """Share of the keystrokes for words that need not be typed.

    Shape:
        typed: (word,) letters typed before it was taken, -1 if it is unknown to the keyboard.
        letters: (word,) letters that it has.
    """
    by_hand = letters + 1
    needed = np.where((typed < 0) | (typed >= letters), by_hand, typed + 1)
    return 1.0 - float(needed.sum() / by_hand.sum())
