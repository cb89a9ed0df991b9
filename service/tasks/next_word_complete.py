"""Texts continued word by word: every step is a row of each text that goes on.

Axis letters: B texts that go on, N words of context, M banned words.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

import numpy as np

from models.tokenizer import UNKNOWN_ID
from service.errors import Fault, InvalidInput
from service.rows import Arrays, Rows
from service.tasks.continuation import Continuation
from service.tasks.contract import Event, Payload, Submit
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_complete_api import CompleteRequest

METHOD = "draw"


class Completing:
    """Answers complete requests with the words of one export."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    async def answer(self, request: CompleteRequest, submit: Submit) -> Payload:
        """All texts, when the last of them has ended.

        Raises:
            InvalidInput: a stop word is unknown, or not one word.
        """
        payloads = [payload async for _, payload in self.stream(request, submit)]
        return payloads[-1]  # the last event is the whole answer

    async def stream(self, request: CompleteRequest, submit: Submit) -> AsyncIterator[Event]:
        """An event ``word`` for every word as it comes, then ``done`` with the whole answer.

        Raises:
            InvalidInput: a stop word is unknown, or not one word.
        """
        stops = {self._lexicon.number(text): text for text in request.stop}
        if UNKNOWN_ID in stops:
            raise InvalidInput(await asyncio.to_thread(self._faults, request))
        seed = secrets.randbits(31) if request.seed is None else request.seed
        texts = self._texts(request, stops, seed)
        while going := [(at, text) for at, text in enumerate(texts) if not text.finished]:
            outputs = await submit(_rows([text for _, text in going], request))
            # A quick pass runs on the event loop: others get their turn, who left is noticed.
            await asyncio.sleep(0)
            drawn = zip(
                outputs["words"].tolist(), outputs["log_probabilities"].tolist(), strict=True
            )
            for (at, text), (number, log_probability) in zip(going, drawn, strict=True):
                if written := text.add(number, log_probability):
                    word, shown, probability = written.word, written.text, written.probability
                    yield (
                        "word",
                        {"prompt": at, "text": shown, "word": word, "probability": probability},
                    )
        yield "done", {"seed": seed, "completions": [_completion(text) for text in texts]}

    def _faults(self, request: CompleteRequest) -> list[Fault]:
        return [
            Fault(("stop", at), self._lexicon.fault(text))
            for at, text in enumerate(request.stop)
            if self._lexicon.number(text) == UNKNOWN_ID
        ]

    def _texts(
        self, request: CompleteRequest, stops: dict[int, str], seed: int
    ) -> list[Continuation]:
        texts: list[Continuation] = []
        seen: Counter[str] = Counter()
        for prompt in request.prompts:
            random = np.random.default_rng([seed, seen[prompt]])
            texts.append(Continuation(self._lexicon, request, stops, prompt, random))
            seen[prompt] += 1
        return texts


def _rows(texts: list[Continuation], request: CompleteRequest) -> Rows:
    n_texts = len(texts)
    inputs: Arrays = {
        "contexts": np.array([text.context for text in texts], dtype=np.int64),  # (B, N)
        "banned": np.array([text.banned() for text in texts], dtype=np.int64),  # (B, M)
        "temperatures": np.full(n_texts, request.temperature, dtype=np.float32),
        "top_ks": np.full(n_texts, request.top_k or 0, dtype=np.int64),
        "top_ps": np.full(n_texts, request.top_p or 1.0, dtype=np.float32),
        "uniforms": np.array([text.random.random(dtype=np.float32) for text in texts]),
    }
    return Rows(inputs, method=METHOD)


def _completion(text: Continuation) -> Payload:
    return {
        "text": text.text,
        "words": [{"word": each.word, "probability": each.probability} for each in text.words],
        "reason": "max_words" if text.stopped_by is None else "stop",
        "stopped_by": text.stopped_by,
    }
