"""Which words the network holds for similar."""

import numpy as np
from numpy.typing import NDArray

from models.tokenizer import Vocabulary

WANTED = ("he", "said", "house", "london", "monday", "mother", "happy", "walked", "two", "money")
N_WORDS = 10


def nearest_words(
    vectors: NDArray[np.float32], vocabulary: Vocabulary, *, n_nearest: int = 8
) -> list[tuple[str, str]]:
    """Some words, each with the words whose vectors point the same way.

    Shape:
        vectors: (V, E), a row a word of the vocabulary.
    """
    return nearest_of(_chosen(vocabulary), vectors, vocabulary, n_nearest=n_nearest)


def nearest_of(
    words: list[str], vectors: NDArray[np.float32], vocabulary: Vocabulary, *, n_nearest: int = 8
) -> list[tuple[str, str]]:
    """Each of ``words`` with the words whose vectors point the same way."""
    first = vocabulary.first_word_id
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.maximum(length, 1e-12)
    rows = []
    for word in words:
        number = vocabulary.ids([word])[0]
        closeness = directions[first:] @ directions[number]
        order = np.argsort(-closeness) + first
        others = [vocabulary.words[other] for other in order if other != number][:n_nearest]
        rows.append((word, ", ".join(others)))
    return rows


def _chosen(vocabulary: Vocabulary) -> list[str]:
    """Words that most texts have; the most frequent ones where the text lacks them."""
    shown = vocabulary.words[vocabulary.first_word_id :]
    found = [word for word in WANTED if word in set(shown)]
    return (found + [word for word in shown if word not in found])[:N_WORDS]
