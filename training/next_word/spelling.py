"""How likely a spelling is: what a word costs that a model does not know.

A model that calls rare words unknown seems better than one that tells them apart. So that models
with different vocabularies compare, an unknown word costs its spelling as well, the same for all.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.tokenizer import UNKNOWN_ID, Vocabulary

_EDGE = "\n"  # no word holds it
_OTHER = 1_000  # characters that might come besides those seen
_PULL = 5.0  # how many letters seen weigh as much as what is known of the shorter context


class Spelling:
    """Letter trigrams of different words, mixed with bigrams, unigrams and a uniform rest.

    Source: Witten & Bell 1991 style interpolation with a fixed weight (MacKay & Peto 1995).
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._counts: list[Counter[str]] = [Counter() for _ in range(4)]
        for word in set(words):
            self._count(word)
        self._n_letters = len(self._counts[1]) + _OTHER
        self._known: dict[str, float] = {}

    def log_probability(self, word: str) -> float:
        """Natural logarithm of the chance of this spelling among all."""
        if word not in self._known:
            framed = _EDGE * 2 + word + _EDGE
            self._known[word] = sum(
                math.log(self._chance(framed[at - 2 : at], framed[at]))
                for at in range(2, len(framed))
            )
        return self._known[word]

    def _count(self, word: str) -> None:
        framed = _EDGE * 2 + word + _EDGE
        for at in range(2, len(framed)):
            for order in range(1, 4):
                self._counts[order][framed[at + 1 - order : at + 1]] += 1
                self._counts[order - 1]["<" + framed[at + 1 - order : at]] += 1

    def _chance(self, context: str, letter: str) -> float:
        chance = 1.0 / self._n_letters
        for order in range(1, 4):
            before = context[len(context) + 1 - order :]
            total = self._counts[order - 1]["<" + before]
            seen = self._counts[order][before + letter]
            chance = (seen + _PULL * chance) / (total + _PULL)
        return chance


def per_word(
    scored: NDArray[np.float64],
    words: Sequence[str],
    vocabulary: Vocabulary,
    spelling: Spelling,
) -> NDArray[np.float64]:
    """Log-probability of each word itself, from those of its id: unknown ones cost their spelling.

    Shape:
        scored: (word,) natural logarithms; returns the same.
    """
    unknown = np.array(vocabulary.ids(words)) == UNKNOWN_ID
    spelled = [
        spelling.log_probability(w) if u else 0.0 for w, u in zip(words, unknown, strict=True)
    ]
    found: NDArray[np.float64] = scored + np.array(spelled)
    return found
