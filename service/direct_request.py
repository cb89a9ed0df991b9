"""One request on the direct path, in the place of the cycle that uvicorn would make for it."""

import asyncio
from time import perf_counter
from typing import Any, Protocol

from service.batch import Answer
from service.batch_request import PendingRequest
from service.desk import Desk
from service.door import BUSY
from service.errors import ClientGone, ServiceError
from service.fast_path import HEADERS, json_bytes
from service.http_errors import problem_of
from service.known_head import PlainHead
from service.lifecycle import Service
from service.metrics import RequestMetrics
from service.raw_response import Headers
from service.request_context import sane_id, told
from service.request_log import RequestLog
from service.request_record import RequestRecord
from service.rows import Rows
from service.served_model import ServedModel
from service.server_timing import server_timing


class Wire(Protocol):
    """The connection of a request, as far as the request needs it."""

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer; then the next request may come."""

    def hand_over(self, body: bytes) -> None:
        """Let the application answer the request with this body."""


class Office:
    """What all direct requests of a process share."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.metrics: RequestMetrics = service.request_metrics
        self.log = RequestLog(wanted=service.settings.access_log)
        self.desk = Desk()


class DirectRequest:
    """Collects a body, and answers it if it is plain, else hands it over to the application.

    What has no underscore is what uvicorn asks the request of a connection for, and sets.
    """

    __slots__ = (
        "_endpoint",
        "_inside",
        "_line",
        "_model",
        "_office",
        "_pending",
        "_pieces",
        "_request",
        "_wire",
        "arrived_s",
        "disconnected",
        "keep_alive",
        "more_body",
        "record",
        "response_complete",
        "response_started",
    )
    # Set when the connection is lost; nobody waits for it here.
    message_event = asyncio.Event()

    def __init__(self, office: Office, head: PlainHead, wire: Wire) -> None:
        self.arrived_s = arrived_s = perf_counter()
        path, self._endpoint, self._line, given_id, timeout_s = head
        self.record = RequestRecord(
            sane_id(given_id), "POST", path, path, deadline_s=arrived_s + timeout_s
        )
        self.keep_alive = self.more_body = True
        self.response_started = self.response_complete = self.disconnected = False
        self._office = office
        self._inside = False
        self._wire: Wire | None = wire
        self._pieces: list[bytes] = []
        self._request: Any = None
        self._model: ServedModel | None = None
        self._pending: PendingRequest | None = None

    def add(self, piece: bytes) -> None:
        """The next bytes of the body."""
        self._pieces.append(piece)

    def complete(self, *, may_wait: bool) -> None:
        """The body is there: read it now, or soon if that ``may_wait`` and many are to be read."""
        self.more_body = False
        self._inside = True
        self._line.enter()
        self.record.read_s = perf_counter()
        if not may_wait or self._line.in_flight < BUSY:
            self._read()
        else:
            self._office.desk.add(self._read)

    def _read(self) -> None:
        if self._wire is None:  # left meanwhile
            return
        record = self.record
        waited_s = perf_counter() - record.read_s
        record.read_s += waited_s
        record.queue_s += waited_s
        body = b"".join(self._pieces)
        try:
            rows = self._rows(body)
        except Exception:  # noqa: BLE001 - nothing was computed: the application says it better
            rows = None
        if rows is not None:
            self._ask(rows)
            return
        wire, self._wire = self._wire, None
        self._leave()
        wire.hand_over(body)

    def lost(self) -> None:
        """The connection is gone, and nobody wants the answer any more."""
        if self._pending:
            self._pending.leave()
        self._end(problem_of(ClientGone()).status)

    def _rows(self, body: bytes) -> Rows | None:
        """What the model is to compute, if one pass of it answers this body."""
        request = self._request = self._endpoint.read(body)
        if request is None:
            return None
        registry = self._office.service.registry
        self._model = registry.find(self._endpoint.task, request.model, request.version)
        return self._model.rows_of_one_pass(request)

    def _ask(self, rows: Rows) -> None:
        assert self._model  # noqa: S101 - it made the rows
        try:
            self._pending = self._model.submit_nowait(rows, self.record, self._done)
        except Exception as error:  # noqa: BLE001 - refused, or broken: the caller learns it
            self._fail(error)

    def _done(self, outcome: Answer | ServiceError) -> None:
        """The model answered, or failed."""
        if not isinstance(outcome, Answer):
            self._fail(outcome)
            return
        assert self._model  # noqa: S101 - it was asked
        try:
            payload = self._model.finish(self._request, self.record, outcome)
            body = json_bytes(payload)
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, whatever it is
            self._fail(error)
            return
        self._office.metrics.paths[self.record.path, "fast"] += 1
        self._respond(200, [HEADERS], body)

    def _fail(self, error: Exception) -> None:
        """Tell the caller, as the application would."""
        problem, headers = told(error, self.record)
        self._respond(problem.status, headers, problem.body(self.record.request_id))

    def _respond(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        wire, record = self._wire, self.record
        assert wire  # noqa: S101 - there is one answer only
        headers.append((b"x-request-id", record.request_id.encode()))
        headers.append((b"server-timing", server_timing(record, perf_counter())))
        self.response_started = self.response_complete = True
        wire.respond(status, headers, body)
        self._end(status)

    def _end(self, status: int) -> None:
        """Count and log; let go of everything, as the connection keeps this until the next one."""
        seconds = perf_counter() - self.arrived_s
        self._office.metrics.count(self.record.route, status, seconds)
        self._office.log.write(self.record, status, seconds)
        self._leave()
        self._wire = self._request = self._model = self._pending = None
        self._pieces.clear()

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._line.leave()
