"""Batches: rows of running text, some of them cut so that short contexts are learned too."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.tokenizer import PADDING_ID, PARAGRAPH, Vocabulary
from training.devices import step_generator

SENTENCE_ENDS = (".", "!", "?", PARAGRAPH)
Words = NDArray[np.int64]


@dataclass(frozen=True)
class TextBatch:
    """Rows of running words.

    Shape:
        words: (B, N - 1 + T) int64; every window of N words is the context of one target.
        targets: (B, T) int64, the word after each window.
    """

    words: Tensor
    targets: Tensor


class TextRows:
    """Rows of ``length`` targets, each read once an epoch in random order.

    A share of the rows is replaced by rows that begin without a context: half of them at the
    start of a sentence, as people begin to type, half in the middle of anything.
    """

    def __init__(self, stream: Words, vocabulary: Vocabulary, *, context_length: int, length: int):
        self._stream = stream
        self._context_length = context_length
        self._length = max(1, min(length, len(stream) - context_length - 1))
        self._n_rows = (len(stream) - context_length) // self._length
        if self._n_rows < 1:
            raise ValueError(f"needs more than {context_length + 1} words, got {len(stream)}")
        ends = vocabulary.ids(mark for mark in SENTENCE_ENDS)
        starts = np.flatnonzero(np.isin(stream, ends)) + 1
        inside = (starts >= context_length) & (starts <= len(stream) - self._length)
        self._sentence_starts = starts[inside]

    def batch(self, step: int, *, seed: int, n_rows: int, truncated_share: float) -> TextBatch:
        """The rows of this step: the same for the same seed, always."""
        generator = step_generator(seed, step)
        first = self._row_starts(step, seed, n_rows)
        truncated = generator.random(n_rows) < truncated_share
        padding = np.where(truncated, generator.integers(1, self._context_length + 1, n_rows), 0)
        if len(self._sentence_starts):
            at_sentence = truncated & (generator.random(n_rows) < 0.5)
            drawn = generator.choice(self._sentence_starts, n_rows) - self._context_length
            first = np.where(at_sentence, drawn, first)
            padding = np.where(at_sentence, self._context_length, padding)
        within = np.arange(self._context_length + self._length)
        words = self._stream[first[:, None] + within]
        targets = torch.from_numpy(words[:, self._context_length :])
        visible = np.where(within < padding[:, None], PADDING_ID, words)[:, :-1]
        return TextBatch(torch.from_numpy(visible), targets)

    def _row_starts(self, step: int, seed: int, n_rows: int) -> Words:
        number = step * n_rows + np.arange(n_rows)
        starts = np.empty(n_rows, dtype=np.int64)
        for at, (epoch, row) in enumerate(zip(*np.divmod(number, self._n_rows), strict=True)):
            order, shift = _epoch_order(self._n_rows, self._length, seed, int(epoch))
            starts[at] = order[row] * self._length + shift
        return np.minimum(starts, len(self._stream) - self._context_length - self._length)


@lru_cache(maxsize=2)
def _epoch_order(n_rows: int, length: int, seed: int, epoch: int) -> tuple[Words, int]:
    """Order of the rows in an epoch, and a shift so that rows do not begin at the same words."""
    generator = np.random.default_rng([seed, epoch, n_rows])
    return generator.permutation(n_rows), int(generator.integers(length))
