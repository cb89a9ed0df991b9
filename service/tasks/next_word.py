"""The next-word task: the likeliest next words, and three questions beyond them."""

from collections.abc import AsyncIterator
from pathlib import Path

from models.manifest import Manifest
from service.errors import NotOffered
from service.rows import Arrays, Rows
from service.tasks import (
    next_word_complete,
    next_word_neighbours,
    next_word_score,
    suggesting,
)
from service.tasks.contract import Event, Payload, Submit, Task
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_api import NextWordRequest
from service.tasks.next_word_complete_api import CompleteRequest
from service.tasks.next_word_neighbours_api import NeighboursRequest
from service.tasks.next_word_score_api import ScoreRequest

Request = NextWordRequest | ScoreRequest | NeighboursRequest | CompleteRequest


class NextWordTask(Task[Request]):
    """Suggest the word that comes next; judge texts, continue them, compare words.

    What goes beyond the next word needs further methods of the graph, which older exports lack.
    """

    name = "next-word"
    endpoint = "/next-word"

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        self.lexicon = Lexicon(self.parameters, folder)
        self._model = f"{manifest.name!r} version {manifest.version!r}"
        self._methods = frozenset(manifest.methods)
        self._suggesting = suggesting.Suggesting(manifest, self.lexicon)
        self._scoring = next_word_score.Scoring(self.lexicon)
        self._neighbouring = next_word_neighbours.Neighbouring(self.lexicon)
        self._completing = next_word_complete.Completing(self.lexicon)

    async def answer(self, request: Request, submit: Submit) -> Payload:
        """The answer to any of the four kinds of requests.

        Raises:
            InvalidInput: an item is wrong.
            NotOffered: the export lacks what the request needs.
        """
        if isinstance(request, ScoreRequest):
            self._require(next_word_score.METHOD)
            return await self._scoring.answer(request, submit)
        if isinstance(request, NeighboursRequest):
            self._require(next_word_neighbours.METHOD)
            return await self._neighbouring.answer(request, submit)
        if isinstance(request, CompleteRequest):
            self._require(next_word_complete.METHOD)
            return await self._completing.answer(request, submit)
        return await super().answer(request, submit)

    def stream(self, request: Request, submit: Submit) -> AsyncIterator[Event]:
        """Completions word by word.

        Raises:
            NotOffered: another request, or the export lacks what it needs.
        """
        if not isinstance(request, CompleteRequest):
            return super().stream(request, submit)
        self._require(next_word_complete.METHOD)
        return self._completing.stream(request, submit)

    def _require(self, method: str) -> None:
        if method not in self._methods:
            raise NotOffered(
                f"Model {self._model} was exported without the method {method!r} that this needs. "
                "Export it again: `seqserve train next-word --resume` with the options of its "
                "training does so without training again."
            )

    def in_one_pass(self, request: object) -> bool:
        """Only the question for the next word."""
        return isinstance(request, NextWordRequest)

    def decode(self, request: Request) -> Rows:
        """The ids of the last words of every context, padded on the left.

        Raises:
            NotOffered: the export lacks the method for what goes beyond a few likeliest words.
        """
        assert isinstance(request, NextWordRequest)  # noqa: S101 - the others have their own way
        if self._suggesting.method(request) == suggesting.METHOD:
            self._require(suggesting.METHOD)
        return self._suggesting.decode(request)

    def encode(self, request: Request, outputs: Arrays) -> Payload:
        """The words of the likeliest ids."""
        assert isinstance(request, NextWordRequest)  # noqa: S101 - as above
        return self._suggesting.encode(request, outputs)
