"""The baseline: an interpolated modified Kneser-Ney n-gram model, counted with numpy.

An n-gram is named by one integer: the number of its first n-1 words (their rank among the
sorted n-grams of the order below) times the vocabulary size, plus its last word. So the n-grams
that share a context lie next to each other, and every look-up is a binary search.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int64]
Floats = NDArray[np.float64]
ABSENT = -1


@dataclass(frozen=True)
class _Order:
    """The counts of one order, reduced to what a probability needs."""

    keys: Words  # sorted, one an n-gram
    discounted: Floats  # (count - discount) / total of the context, one an n-gram
    left_over: Floats  # weight of the order below, one a context
    first: Words  # where the n-grams of a context start, and one end after the last


class KneserNey:
    """Interpolated Kneser-Ney with three discounts an order.

    The highest order uses plain counts, the orders below it the number of different words seen
    to the left. The lowest order is mixed with the uniform distribution, so no word has
    probability zero. Text is one stream: contexts reach across sentences.

    Source: Chen & Goodman 1998, An empirical study of smoothing techniques for language
    modeling, section 3 ("modified" Kneser-Ney, their equations for D1, D2 and D3+).
    """

    def __init__(self, orders: list[_Order], vocabulary_size: int) -> None:
        self._orders = orders
        self.vocabulary_size = vocabulary_size
        self.order = len(orders)

    @classmethod
    def count(cls, words: Words, *, vocabulary_size: int, order: int = 5) -> Self:
        """Count the n-grams of ``words``.

        Raises:
            ValueError: if there are fewer words than ``order``.
        """
        return cls.count_all(words, vocabulary_size=vocabulary_size, order=order)[-1]

    @classmethod
    def count_all(cls, words: Words, *, vocabulary_size: int, order: int = 5) -> list[Self]:
        """Models of every order up to ``order``, counted together; otherwise like ``count``."""
        if len(words) < order:
            raise ValueError(f"needs at least {order} words, got {len(words)}")
        keys, ranks = _number_ngrams(words, vocabulary_size, order)
        models: list[Self] = []
        below: list[_Order] = []
        for n in range(1, order + 1):
            here, n_contexts = keys[n - 1], 1 if n == 1 else len(keys[n - 2])
            counts = np.bincount(ranks[n - 1], minlength=len(here))
            highest = _discount(here, counts, n_contexts, vocabulary_size)
            models.append(cls([*below, highest], vocabulary_size))
            if n < order:
                seen_after = _words_to_the_left(ranks[n - 1], ranks[n], len(here))
                below.append(_discount(here, seen_after, n_contexts, vocabulary_size))
        return models

    def probabilities(self, words: Words) -> Floats:
        """Probability of each word of a running text given the words before it."""
        answer = np.full(len(words), 1.0 / self.vocabulary_size)
        for n in range(1, self.order + 1):
            context = self._rank(words, n - 1, shift=1)
            answer = self._interpolate(answer, n, context, words)
        return answer

    def distributions(self, contexts: Words) -> Floats:
        """Probability of every word after each context.

        Shape:
            contexts: (row, any length up to order - 1) word ids.
            returns: (row, vocabulary), each row sums to 1.
        """
        rows, width = contexts.shape
        answer = np.full((rows, self.vocabulary_size), 1.0 / self.vocabulary_size)
        for n in range(1, min(self.order, width + 1) + 1):
            context = self._rank_of_rows(contexts[:, width - n + 1 :])
            self._interpolate_rows(answer, n, context)
        return answer

    def _rank(self, words: Words, n: int, *, shift: int) -> Words:
        """Rank of the n-gram that ends ``shift`` words before each position."""
        rank = np.zeros(len(words), dtype=np.int64)
        for position in range(n):
            back = n - 1 - position + shift
            word = np.full(len(words), ABSENT, dtype=np.int64)
            word[back:] = words[: len(words) - back]
            rank = self._extend(rank, word, position + 1)
        return rank

    def _rank_of_rows(self, contexts: Words) -> Words:
        rank = np.zeros(len(contexts), dtype=np.int64)
        for position in range(contexts.shape[1]):
            rank = self._extend(rank, contexts[:, position], position + 1)
        return rank

    def _extend(self, rank: Words, word: Words, n: int) -> Words:
        """Rank of the n-gram made of an (n-1)-gram and a word; absent stays absent."""
        keys = self._orders[n - 1].keys
        wanted = rank * self.vocabulary_size + word
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        known = (rank != ABSENT) & (word != ABSENT) & (keys[found] == wanted)
        return np.where(known, found, ABSENT)

    def _interpolate(self, lower: Floats, n: int, context: Words, words: Words) -> Floats:
        """Mix one more order into the probability of each word."""
        table = self._orders[n - 1]
        known = (context != ABSENT) & (table.left_over[context] >= 0)
        rank = self._extend(context, words, n)
        own = np.where(rank == ABSENT, 0.0, table.discounted[rank])
        return np.where(known, own + table.left_over[context] * lower, lower)

    def _interpolate_rows(self, answer: Floats, n: int, context: Words) -> None:
        """Mix one more order into whole distributions, in place."""
        table = self._orders[n - 1]
        known = np.flatnonzero((context != ABSENT) & (table.left_over[context] >= 0))
        answer[known] *= table.left_over[context[known], None]
        start, end = table.first[context[known]], table.first[context[known] + 1]
        row = np.repeat(known, end - start)
        within = np.arange(len(row)) - np.repeat(
            np.cumsum(end - start) - (end - start), end - start
        )
        ngram = np.repeat(start, end - start) + within
        answer[row, table.keys[ngram] % self.vocabulary_size] += table.discounted[ngram]


def _number_ngrams(words: Words, size: int, order: int) -> tuple[list[Words], list[Words]]:
    """For each order the sorted keys, and the rank of the n-gram that ends at each position."""
    all_keys, all_ranks = [], []
    rank = np.zeros(len(words) + 1, dtype=np.int64)
    for n in range(1, order + 1):
        keys, rank = np.unique(rank[:-1] * size + words[n - 1 :], return_inverse=True)
        all_keys.append(keys)
        all_ranks.append(rank)
    return all_keys, all_ranks


def _words_to_the_left(rank: Words, longer: Words, n_ngrams: int) -> Words:
    """How many different words stand before each n-gram: how many longer n-grams end in it."""
    _, at = np.unique(longer, return_index=True)
    return np.bincount(rank[1:][at], minlength=n_ngrams)


def _discount(keys: Words, counts: Words, n_contexts: int, size: int) -> _Order:
    context = keys // size
    discount = _discounts(counts)[np.minimum(counts, 3)]
    total = np.bincount(context, counts, minlength=n_contexts)
    taken = np.bincount(context, discount, minlength=n_contexts)
    with np.errstate(invalid="ignore"):
        left_over = np.where(total > 0, taken / total, -1.0)  # -1: nothing follows this context
    share = np.where(counts > 0, (counts - discount) / np.maximum(total[context], 1), 0.0)
    first = np.searchsorted(context, np.arange(n_contexts + 1))
    return _Order(keys, share, left_over, first)


def _discounts(counts: Words) -> Floats:
    """What is taken off a count of 0, 1, 2 and 3 or more."""
    n1, n2, n3, n4 = (float(np.count_nonzero(counts == k)) for k in (1, 2, 3, 4))
    if min(n1, n2, n3) == 0:  # too little text to estimate from: one discount for all
        return np.array([0.0, 0.5, 0.5, 0.5])
    y = n1 / (n1 + 2 * n2)
    discounts = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    clipped: Floats = np.clip(discounts, 0.0, [0.0, 1.0, 2.0, 3.0])
    return clipped
