"""Requests that came together and ask alike: one request to the batcher, an answer to each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.batch import Answer
from service.batch_request import PendingRequest
from service.errors import ClientGone, PredictError, ServiceError
from service.fast_path import HEADERS, json_bytes
from service.http_errors import problem_of
from service.known_head import PlainHead
from service.metrics import RequestMetrics
from service.raw_response import Headers, raw_response
from service.request_context import is_sane, sane_id, told
from service.request_log import RequestLog
from service.request_record import RequestRecord
from service.rows import Rows
from service.served_model import ServedModel
from service.server_timing import server_timing


class Wire(Protocol):
    """The sockets of those who ask, as far as their answers need them."""

    def answer(  # noqa: PLR0913, PLR0917 - in C there are no keywords
        self,
        handles: list[int],
        counts: list[int],
        ids: list[bytes] | None,
        items: bytes,
        before: bytes,
        after: bytes,
        opening: bytes,
        closing: bytes,
    ) -> int:
        """Answer those who still wait with their share of the items; returns how many."""

    def send(self, handle: int, response: bytes) -> bool:
        """Answer one of them with a whole response."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all groups of a process share; ``common`` gives the headers of every response."""

    wire: Wire
    metrics: RequestMetrics
    log: RequestLog
    common: Callable[[], Headers]
    # To be called when somebody was answered: the next request may be there.
    answered: Callable[[], None]
    # Those that are not answered yet.
    groups: "set[Group]"


class Group:
    """The requests of ``handles``, each for as many rows as ``counts`` says, one after the other.

    They have one head, came in one turn of the loop, and differ in their numbers only. So they have
    one deadline, and one ``request`` says how to answer each of them. Of a lone one, whatever the
    count, the whole answer is its own.
    """

    __slots__ = (
        "_came_s",
        "_counts",
        "_desk",
        "_handles",
        "_head",
        "_model",
        "_pending",
        "_request",
        "_rows",
        "_waiting",
        "record",
    )

    def __init__(
        self, desk: Desk, head: PlainHead, handles: list[int], counts: list[int], came_s: float
    ) -> None:
        path, deadline_s = head.path, came_s + head.timeout_s
        self.record = RequestRecord("", "POST", path, path, deadline_s=deadline_s, read_s=came_s)
        self._came_s = came_s
        self._desk = desk
        self._head = head
        self._handles = handles
        self._counts = counts
        self._waiting = set(handles)
        self._request: Any = None
        self._model: ServedModel | None = None
        self._rows: Rows | None = None
        self._pending: PendingRequest | None = None

    def ask(self, request: object, model: ServedModel, rows: Rows) -> None:
        """Ask ``model`` for the rows of all."""
        self._request, self._model, self._rows = request, model, rows
        if len(self._handles) == 1:
            self._counts = [len(rows)]
        self._desk.groups.add(self)
        self._head.line.enter(len(self._handles), since_s=self._came_s)
        self._submit()

    def _submit(self) -> None:
        assert self._model  # noqa: S101 - set by ask
        assert self._rows  # noqa: S101 - as above
        try:
            self._pending = self._model.submit_nowait(
                self._rows, self.record, self._done, callers=len(self._waiting)
            )
        except Exception as error:  # noqa: BLE001 - refused, or broken: the callers learn it
            self._fail(error)

    def lost(self, handle: int) -> bool:
        """One of them is gone; False if he is not of this group."""
        if handle not in self._waiting:
            return False
        self._waiting.remove(handle)
        status = problem_of(ClientGone()).status
        request_id, rows = sane_id(self._head.given_id), self._rows_of(handle)
        self._log(request_id, rows, status, self._count(status))
        if self._model:  # else it left before its body was there
            self._head.line.leave()
        pending = self._pending
        if not self._waiting:
            self._desk.groups.discard(self)
            if pending:
                pending.leave()
        elif pending and self._model and not pending.gone:
            at = self._handles.index(handle)
            start = sum(self._counts[:at])
            self._model.batcher.withdraw(pending, start, start + self._counts[at])
        return True

    def give_up(self) -> None:
        """Nobody will be answered any more."""
        for handle in [*self._waiting]:
            self.lost(handle)

    def _done(self, outcome: Answer | ServiceError) -> None:
        """The model answered, or failed."""
        if not isinstance(outcome, Answer):
            self._fail(outcome)
            return
        assert self._model  # noqa: S101 - it was asked
        try:
            payload = self._model.finish(self._request, self.record, outcome)
            name, items = payload.popitem()  # what is in the answer for each row comes last
            opening = b'%b,"%b":[' % (json_bytes(payload)[:-1], name.encode())
            encoded = json_bytes(items)
        except Exception as error:  # noqa: BLE001 - the callers get an answer, whatever it is
            self._fail(error)
            return
        self._answer(encoded, opening)

    def _answer(self, items: bytes, opening: bytes) -> None:
        desk, ids = self._desk, self._ids()
        before = _head(tuple(desk.common()))
        after = b"\r\nserver-timing: %b\r\n" % server_timing(self.record, perf_counter())
        desk.wire.answer(self._handles, self._counts, ids, items, before, after, opening, b"]}")
        desk.metrics.paths[self._head.path, "fast"] += len(self._waiting)
        seconds = self._count(200, len(self._waiting))
        if ids and desk.log.is_on():
            for handle, count, each in zip(self._handles, self._counts, ids, strict=True):
                if handle in self._waiting:
                    self._log(each.decode(), count, 200, seconds)
        self._leave()

    def _fail(self, error: Exception) -> None:
        """Tell the callers; where a model failed for several, find out for whom."""
        if isinstance(error, PredictError) and len(self._handles) > 1:
            self._part()
            return
        for handle in self._waiting:
            self._tell(handle, error)
        self._leave()

    def _tell(self, handle: int, error: Exception) -> None:
        record = self.record
        record.request_id = sane_id(self._head.given_id)
        problem, of_problem = told(error, record)
        headers = [
            *self._desk.common(),
            *of_problem,
            (b"x-request-id", record.request_id.encode()),
            (b"server-timing", server_timing(record, perf_counter())),
        ]
        status, body = problem.status, problem.body(record.request_id)
        self._desk.wire.send(handle, raw_response(status, headers, body, keep_alive=True))
        self._log(record.request_id, self._rows_of(handle), status, self._count(status))

    def _part(self) -> None:
        """Ask for everybody alone, with the deadline of before."""
        assert self._model  # noqa: S101 - it was asked
        assert self._rows  # noqa: S101 - as above
        self._leave()
        start = 0
        for handle, count in zip(self._handles, self._counts, strict=True):
            if handle in self._waiting:
                alone = Group(self._desk, self._head, [handle], [count], self._came_s)
                alone.ask(self._request, self._model, some_of(self._rows, start, start + count))
            start += count

    def _ids(self) -> list[bytes] | None:
        """The id of every request; None where only the client will see it."""
        given = self._head.given_id
        if is_sane(given):
            return [given] * len(self._handles)
        if not self._desk.log.is_on():
            return None
        return [sane_id(None).encode() for _ in self._handles]

    def _count(self, status: int, requests: int = 1) -> float:
        """Count requests that are answered now; returns how long they took."""
        seconds = perf_counter() - self._came_s
        self._desk.metrics.count(self._head.path, status, seconds, requests)
        return seconds

    def _rows_of(self, handle: int) -> int:
        return self._counts[self._handles.index(handle)]

    def _log(self, request_id: str, rows: int, status: int, seconds: float) -> None:
        self.record.request_id, self.record.rows = request_id, rows
        self._desk.log.write(self.record, status, seconds)

    def _leave(self) -> None:
        """Those who waited do not wait any more."""
        self._desk.groups.discard(self)
        self._head.line.leave(len(self._waiting))
        self._desk.answered()


@lru_cache(maxsize=4)  # as the date in it
def _head(common: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head of a good answer up to its id."""
    headers = [b"%b: %b\r\n" % header for header in (*common, HEADERS)]
    return STATUS_LINE[200] + b"".join(headers) + b"x-request-id: "


def some_of(rows: Rows, start: int, stop: int) -> Rows:
    """The rows of a request from ``start`` to ``stop``, as a request of their own."""
    index = slice(start, stop)
    inputs = {name: array[index] for name, array in rows.inputs.items()}
    lengths = None if rows.lengths is None else rows.lengths[index]
    return Rows(inputs, lengths, rows.method)
