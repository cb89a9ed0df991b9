"""One text while it is continued: what the model reads next, and what was written so far."""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from models.detokenizer import Writer
from models.tokenizer import NUMBER, PADDING_ID, UNKNOWN_ID
from service.tasks.contract import plain
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_complete_api import CompleteRequest
from service.tasks.repetition import RepetitionGuard

MAX_BANNED = 32


@dataclass(frozen=True, slots=True)
class Written:
    """A word of a continuation."""

    word: str
    text: str
    probability: float


@dataclass(slots=True)
class Continuation:
    """A prompt and the words behind it.

    Every prompt draws from a stream of random numbers of its own, given by the seed and by how
    often the same prompt stood before it in the request: so neither its neighbours nor its place
    matter, and a prompt sent twice is continued in two ways.
    """

    lexicon: Lexicon
    request: CompleteRequest
    stops: dict[int, str]
    prompt: str
    random: np.random.Generator
    words: list[Written] = field(default_factory=list)
    stopped_by: str | None = None
    context: deque[int] = field(init=False)
    _writer: Writer = field(init=False)
    _guard: RepetitionGuard = field(init=False)
    _never: list[int] = field(init=False)

    def __post_init__(self) -> None:
        words = self.lexicon.last_words(self.prompt)
        length = self.lexicon.context_length
        self.context = deque(self.lexicon.context(words), maxlen=length)
        self._writer = Writer(
            self.lexicon.tokenizer, self.prompt[-length * 200 :], self.lexicon.casing
        )
        self._guard = RepetitionGuard(
            self.request.no_repeat, self.lexicon.vocabulary.ids(words[-length:])
        )
        self._never = [UNKNOWN_ID, *self.lexicon.vocabulary.ids([NUMBER])]

    @property
    def finished(self) -> bool:
        """Whether nothing more comes."""
        return self.stopped_by is not None or len(self.words) >= self.request.max_words

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(word.text for word in self.words)

    def banned(self) -> list[int]:
        """What must not be drawn: what nobody can read, and what was said before."""
        repeated = self._guard.banned()[-(MAX_BANNED - len(self._never)) :]
        n_left = len(self.lexicon.vocabulary) - len({PADDING_ID, *self._never, *repeated})
        banned = self._never + (repeated if n_left else [])
        return banned + [PADDING_ID] * (MAX_BANNED - len(banned))

    def add(self, number: int, log_probability: float) -> Written | None:
        """Take the word that was drawn; None if the text ends with it."""
        if number in self.stops:
            self.stopped_by = self.stops[number]
            return None
        word = self.lexicon.word(number)
        probability = min(1.0, math.exp(log_probability))
        written = Written(word, self._writer.add(word), plain(probability))
        self.words.append(written)
        self.context.append(number)
        self._guard.add(number)
        return written
