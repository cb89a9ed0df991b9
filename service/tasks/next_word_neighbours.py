"""Words that the model holds for similar: a row is a weighted sum of words.

Axis letters: B questions, P words of a question.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.tokenizer import PADDING_ID, UNKNOWN_ID
from service.errors import Fault, InvalidInput, Place
from service.rows import Arrays, Rows
from service.tasks.contract import Payload, Submit
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_neighbours_api import MAX_SUMMED, NeighboursRequest

METHOD = "neighbours"
LEAST_COSINE = -1.5  # below are the words of the question itself, where no other is left
MAX_CHECKED = 20


@dataclass(frozen=True, slots=True)
class _Question:
    words: Sequence[tuple[Place, str]]
    weights: Sequence[float]


class Neighbouring:
    """Answers neighbours requests with the words of one export."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    async def answer(self, request: NeighboursRequest, submit: Submit) -> Payload:
        """The nearest words of each question.

        Raises:
            InvalidInput: a word is unknown, or not one word; or a sum comes to nothing.
        """
        questions = _questions(request)
        ids = [[self._lexicon.number(text) for _, text in each.words] for each in questions]
        if any(UNKNOWN_ID in numbers for numbers in ids):
            raise InvalidInput(await asyncio.to_thread(self._faults, questions))
        rows = _rows(ids, questions)
        outputs = await submit(rows)
        return {
            "neighbours": [
                self._neighbourhood(numbers, question.weights, outputs, row, request.top_k)
                for row, (numbers, question) in enumerate(zip(ids, questions, strict=True))
            ]
        }

    def _faults(self, questions: list[_Question]) -> list[Fault]:
        places = (place for question in questions for place in question.words)
        wrong = [each for each in places if self._lexicon.number(each[1]) == UNKNOWN_ID]
        return [Fault(place, self._lexicon.fault(text)) for place, text in wrong[:MAX_CHECKED]]

    def _neighbourhood(
        self, ids: list[int], weights: Sequence[float], outputs: Arrays, row: int, top_k: int
    ) -> Payload:
        near, cosines = outputs["words"][row].tolist(), outputs["similarities"][row]
        found = [
            {"word": self._lexicon.word(number), "similarity": cosine}
            for number, cosine in zip(near, cosines, strict=True)
            if cosine > LEAST_COSINE
        ]
        named = [
            f"{'-' if weight < 0 else '+'} {self._lexicon.word(number)}"
            for number, weight in zip(ids, weights, strict=True)
        ]
        return {"word": " ".join(named).removeprefix("+ "), "neighbours": found[:top_k]}


def _questions(request: NeighboursRequest) -> list[_Question]:
    if request.words is not None:
        return [_Question([(("words", at), word)], [1.0]) for at, word in enumerate(request.words)]
    parts = (("positive", request.positive, 1.0), ("negative", request.negative, -1.0))
    words = [((name, at), word) for name, some, _ in parts for at, word in enumerate(some or ())]
    return [_Question(words, [sign for _, some, sign in parts for _ in some or ()])]


def _rows(ids: list[list[int]], questions: list[_Question]) -> Rows:
    words = np.full((len(ids), MAX_SUMMED), PADDING_ID, dtype=np.int64)  # (B, P)
    weights = np.zeros((len(ids), MAX_SUMMED), dtype=np.float32)
    for row, (numbers, question) in enumerate(zip(ids, questions, strict=True)):
        words[row, : len(numbers)] = numbers
        weights[row, : len(numbers)] = question.weights
        sums: dict[int, float] = {}
        for number, weight in zip(numbers, question.weights, strict=True):
            sums[number] = sums.get(number, 0.0) + weight
        if not any(sums.values()):
            raise InvalidInput([Fault(("positive",), "The words cancel each other out")])
    return Rows({"words": words, "weights": weights}, method=METHOD)
