"""The next word: contexts to rows, and likeliest ids to candidates.

Plain questions for a few words go to the graph's ``forward``; what is asked beyond that (many
words, marks, words that begin with some letters) to its method ``suggest``.
"""

from typing import NamedTuple

import numpy as np

from models.casing import capitalised
from models.manifest import FORWARD, Manifest
from service.rows import Array, Arrays, Rows
from service.tasks.contract import Payload
from service.tasks.half_word import half_word
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_api import NextWordRequest

METHOD = "suggest"


class _Question(NamedTuple):
    """One context: its words, the letters of a half typed one, and the ranks of what fits."""

    words: list[str]
    letters: str
    low: int
    high: int


class Suggesting:
    """Answers requests for the next word with the words of one export."""

    def __init__(self, manifest: Manifest, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._n_plain = manifest.outputs[0].shape[1]

    def method(self, request: NextWordRequest) -> str:
        """The method of the graph that the request needs."""
        beyond = request.unfinished or request.marks or request.top_k > self._n_plain
        return METHOD if beyond else FORWARD

    def decode(self, request: NextWordRequest) -> Rows:
        """The ids of the last words of every context, padded on the left."""
        lexicon, method = self._lexicon, self.method(request)
        ids = lexicon.context if request.start else lexicon.inside
        if method == FORWARD:
            contexts = [ids(lexicon.last_words(context)) for context in request.contexts]
            return Rows({"contexts": _matrix(contexts)})
        questions = [self._question(context, request) for context in request.contexts]
        inputs = {
            "contexts": _matrix([ids(question.words) for question in questions]),
            "lows": np.array([question.low for question in questions], dtype=np.int64),
            "highs": np.array([question.high for question in questions], dtype=np.int64),
        }
        return Rows(inputs, method=method)

    def encode(self, request: NextWordRequest, outputs: Arrays) -> Payload:
        """The words of the likeliest ids."""
        words = outputs["words"][:, : request.top_k].tolist()
        probabilities = outputs["probabilities"][:, : request.top_k]
        plain = not request.capitalize and self.method(request) == FORWARD
        found = zip(request.contexts, words, probabilities, strict=True)
        return {
            "predictions": [
                {
                    "candidates": self._candidates(ids, likely)
                    if plain
                    else self._written(context, request, ids, likely)
                }
                for context, ids, likely in found
            ]
        }

    def _candidates(self, ids: list[int], probabilities: Array) -> list[Payload]:
        return [
            {"word": self._lexicon.word(number), "probability": probability}
            for number, probability in zip(ids, probabilities, strict=True)
        ]

    def _written(
        self, context: str, request: NextWordRequest, ids: list[int], probabilities: Array
    ) -> list[Payload]:
        """Only what fits, with capitals if they are wanted."""
        question = self._question(context, request)
        n_fitting = min(len(ids), question.high - question.low)
        candidates = self._candidates(ids[:n_fitting], probabilities[:n_fitting])
        if request.capitalize:
            self._capitalize(candidates, question, start=request.start)
        return candidates

    def _capitalize(self, candidates: list[Payload], question: _Question, *, start: bool) -> None:
        before = question.words if start or question.words else [","]
        words = self._lexicon.written([each["word"] for each in candidates], before)
        by_hand = question.letters.lstrip("'")[:1].isupper()
        for candidate, word in zip(candidates, words, strict=True):
            candidate["word"] = capitalised(word) if by_hand else word

    def _question(self, context: str, request: NextWordRequest) -> _Question:
        lexicon = self._lexicon
        if request.unfinished:
            half = half_word(lexicon.end_of(context), lexicon)
            if half.letters:
                return _Question(lexicon.last_words(half.before), half.letters, half.low, half.high)
        low, high = lexicon.order.words_and_marks() if request.marks else lexicon.order.words()
        return _Question(lexicon.last_words(context), "", low, high)


def _matrix(contexts: list[list[int]]) -> Array:
    return np.array(contexts, dtype=np.int64).reshape(len(contexts), -1)
