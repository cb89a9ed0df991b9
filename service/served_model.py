"""A model that serves: its task, its batcher, and the way of a request through both."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from service.batch import Answer, Done
from service.batch_request import PendingRequest
from service.batcher import Batcher
from service.model_thread import ModelThread
from service.repository import Export
from service.request_record import RequestRecord, current_record
from service.rows import Arrays, Rows
from service.tasks.contract import Event, Payload, Task


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One loaded version of one model. Lives on the event loop that it was made on."""

    export: Export
    task: Task[Any]
    batcher: Batcher
    thread: ModelThread

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.export.manifest.name

    @property
    def version(self) -> str:
        """The version that is loaded."""
        return self.export.manifest.version

    async def answer(self, request: object) -> Payload:
        """Answer a request of this model's task.

        Raises:
            InvalidInput: an item is wrong; nothing was computed.
            Unavailable: the queue is full, or the service is stopping.
            PredictError: the model failed.
        """
        self._note()
        return self._signed(await self.task.answer(request, self.submit))

    async def stream(self, request: object) -> AsyncIterator[Event]:
        """Answer a request bit by bit; the last event is the answer of ``answer``.

        Raises:
            NotOffered: the task or the export cannot answer this request so.
            ServiceError: what ``answer`` raises, at any event.
        """
        self._note()
        async for name, payload in self.task.stream(request, self.submit):
            yield name, self._signed(payload) if name == "done" else payload

    def _note(self) -> None:
        if record := current_record.get():
            record.model, record.version = self.name, self.version

    def _signed(self, payload: Payload) -> Payload:
        return {"model": {"name": self.name, "version": self.version}, **payload}

    async def submit(self, rows: Rows) -> Arrays:
        """Compute ``rows`` before the deadline of the request at hand, if it has one.

        Raises:
            Unavailable: the queue is full, the deadline cannot be kept, or the service is stopping.
            PredictError: the model failed.
        """
        record = current_record.get()
        if record:
            record.ask(len(rows))
        deadline_s = record.deadline_s if record else None
        answer = await self.batcher.submit(rows, deadline_s=deadline_s)
        if record:
            note_pass(record, answer)
        return answer.outputs

    def rows_of_one_pass(self, request: object) -> Rows | None:
        """What is to be computed for a request that needs one pass only; None for others.

        Raises:
            InvalidInput: an item is wrong.
        """
        return self.task.decode(request) if self.task.in_one_pass(request) else None

    def submit_nowait(
        self, rows: Rows, record: RequestRecord, done: Done, *, callers: int = 1
    ) -> PendingRequest:
        """As ``submit``, for callers without a task: ``done`` gets the outcome.

        Several ``callers`` may ask together; ``record`` is then that of any of them.

        Raises:
            Unavailable: the queue is full, the deadline cannot be kept, or the service is stopping.
        """
        record.model, record.version = self.name, self.version
        record.ask(len(rows))
        return self.batcher.submit_nowait(rows, done, deadline_s=record.deadline_s, callers=callers)

    def finish(self, request: object, record: RequestRecord, answer: Answer) -> Payload:
        """The answer to a request from that of its pass."""
        note_pass(record, answer)
        return self._signed(self.task.encode(request, answer.outputs))

    async def close(self, *, patience_s: float) -> None:
        """Finish what was accepted, then release the thread."""
        await self.batcher.close(patience_s=patience_s)


def note_pass(record: RequestRecord, answer: Answer) -> None:
    """Keep in ``record`` where the time went."""
    record.add_pass(
        batch_rows=answer.batch_rows, queue_s=answer.queue_s, predict_s=answer.predict_s
    )
