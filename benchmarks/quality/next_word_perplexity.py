"""Perplexity of a text as ``POST /next-word/score`` tells it, piece by piece."""

import math
from collections.abc import Sequence

import httpx

from benchmarks.quality.next_word import MOST_WORDS, spelled

PIECE = 1000


def perplexity(client: httpx.Client, words: Sequence[str], name: str, *, every: int = 1) -> float:
    """Of all words and marks, or of every so many pieces of a thousand.

    The words before a piece are sent along, so that it has a context from its start.
    """
    total, count = 0.0, 0
    for start in range(0, len(words), PIECE * every):
        before = words[max(0, start - MOST_WORDS) : start]
        piece = words[start : start + PIECE]
        body = {"texts": [spelled([*before, *piece])], "model": name}
        answer = client.post("/next-word/score", json=body).raise_for_status().json()
        scored = answer["scores"][0]["words"]
        if len(scored) != len(before) + len(piece):
            raise ValueError("the service cuts the text into other words")
        total += math.fsum(word["log_probability"] for word in scored[len(before) :])
        count += len(piece)
    return math.exp(-total / count)
