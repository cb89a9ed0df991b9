"""Letters that somebody types until a running service suggests the word, as on a phone keyboard.

How keystrokes are counted stands in ``training/next_word/keystrokes.py``.
"""

from collections.abc import Iterator, Sequence

import httpx
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.next_word import CONTEXTS_PER_REQUEST, Question
from training.next_word.keystrokes import N_SHOWN, keystrokes_saved


def typed(client: httpx.Client, questions: Sequence[Question], name: str) -> NDArray[np.int64]:
    """Letters typed before each word is one of three suggestions; -1 if it never is."""
    letters = np.full(len(questions), -1, dtype=np.int64)
    open_ones = list(range(len(questions)))
    for n_typed in range(max((len(question.word) for question in questions), default=0)):
        open_ones = [at for at in open_ones if len(questions[at].word) > n_typed]
        asked = [f"{questions[at].context} {questions[at].word[:n_typed]}" for at in open_ones]
        shown = _suggested(client, asked, name)
        found = {
            at for at, words in zip(open_ones, shown, strict=True) if questions[at].word in words
        }
        letters[list(found)] = n_typed
        open_ones = [at for at in open_ones if at not in found]
    return letters


def _suggested(client: httpx.Client, texts: Sequence[str], name: str) -> Iterator[list[str]]:
    for start in range(0, len(texts), CONTEXTS_PER_REQUEST):
        some = texts[start : start + CONTEXTS_PER_REQUEST]
        body = {"contexts": some, "top_k": N_SHOWN, "unfinished": True, "model": name}
        answer = client.post("/next-word", json=body).raise_for_status().json()
        for prediction in answer["predictions"]:
            yield [candidate["word"] for candidate in prediction["candidates"]]


def saved(client: httpx.Client, questions: Sequence[Question], name: str) -> float:
    """Share of the keystrokes for these words that suggestions save."""
    lengths = np.array([len(question.word) for question in questions])
    return keystrokes_saved(typed(client, questions, name), lengths)
