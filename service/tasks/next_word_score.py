"""How likely texts are: every word of every text is a row.

Axis letters: B words of all texts, N words of context.
"""

import math
from itertools import pairwise

import numpy as np

from models.tokenizer import PADDING_ID, UNKNOWN_ID
from service.errors import Fault, InvalidInput
from service.rows import Array, Rows
from service.tasks.contract import Payload, Submit, plain
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_score_api import ScoreRequest

METHOD = "score"
MAX_WORDS = 16_384
# What one request has waiting at a time, so that it does not fill the queue alone.
WORDS_AT_ONCE = 1024


class Scoring:
    """Answers score requests with the words of one export."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    async def answer(self, request: ScoreRequest, submit: Submit) -> Payload:
        """Log-probabilities of every text and of its words.

        Raises:
            InvalidInput: a text holds no word, or all of them hold too many.
        """
        texts = [self._lexicon.tokenizer.words(text) for text in request.texts]
        _refuse_empty(texts)
        _refuse_giant(texts)
        ids = [self._lexicon.vocabulary.ids(words) for words in texts]
        scored = await self._scored(ids, submit)
        ends = np.cumsum([0, *map(len, texts)]).tolist()
        return {
            "scores": [
                _score(words, numbers, scored[start:end])
                for words, numbers, (start, end) in zip(texts, ids, pairwise(ends), strict=True)
            ]
        }

    async def _scored(self, texts: list[list[int]], submit: Submit) -> Array:
        contexts = np.concatenate([self._contexts(ids) for ids in texts])  # (B, N)
        targets = np.concatenate([np.array(ids, dtype=np.int64) for ids in texts])  # (B,)
        parts = []
        for start in range(0, len(targets), WORDS_AT_ONCE):
            some = slice(start, start + WORDS_AT_ONCE)
            rows = Rows({"contexts": contexts[some], "targets": targets[some]}, method=METHOD)
            outputs = await submit(rows)
            parts.append(outputs["log_probabilities"])
        scored: Array = np.minimum(np.concatenate(parts), 0.0)  # rounding may lift what is certain
        return scored

    def _contexts(self, ids: list[int]) -> Array:
        """The words before each word, padded on the left."""
        length = self._lexicon.context_length
        padded = np.array([PADDING_ID] * length + ids[:-1], dtype=np.int64)
        return np.lib.stride_tricks.sliding_window_view(padded, length)


def _refuse_empty(texts: list[list[str]]) -> None:
    faults = [Fault(("texts", at), "Holds no word") for at, words in enumerate(texts) if not words]
    if faults:
        raise InvalidInput(faults)


def _refuse_giant(texts: list[list[str]]) -> None:
    n_words = sum(map(len, texts))
    if n_words > MAX_WORDS:
        message = f"{n_words:,} words, at most {MAX_WORDS:,} are scored in a request: send fewer"
        raise InvalidInput([Fault(("texts",), message)])


def _score(words: list[str], ids: list[int], scored: Array) -> Payload:
    total = math.fsum(scored.tolist())
    return {
        "log_probability": plain(total),
        "perplexity": plain(math.exp(-total / len(words))),
        "unknown_words": ids.count(UNKNOWN_ID),
        "words": [
            {"word": word, "log_probability": value, "known": number != UNKNOWN_ID}
            for word, number, value in zip(words, ids, scored, strict=True)
        ],
    }
