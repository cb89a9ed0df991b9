"""The outermost layer: gives every request an id, a log line, and an answer whatever happens."""

import logging
import re
from random import getrandbits
from time import perf_counter
from typing import TypeGuard

from service.asgi import App, Message, Receive, Scope, Send, header
from service.errors import ServiceError
from service.http_errors import problem_of
from service.metrics import RequestMetrics
from service.problem import INTERNAL_ERROR, MEDIA_TYPE, Problem, send_problem
from service.request_deadline import deadline_of
from service.request_log import RequestLog
from service.request_record import RequestRecord, current_record
from service.server_timing import server_timing

logger = logging.getLogger("seqserve.request")

# In a scope: when the head of a request was there that another layer has tried to answer before.
ARRIVED = "seqserve.arrived_s"
# What callers send is echoed and logged: no spaces, quotes or line breaks, and not a novel.
SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
# Characters of an id that is made here.
ID_LENGTH = 16


class RequestContext:
    """Wrap ``app``: set request id and deadline, count, time and log, answer what goes wrong.

    The id is the caller's ``X-Request-ID`` if that is sane, else a new one. The deadline is the
    caller's ``X-Timeout-Ms`` or ``default_timeout_ms`` after the head of the request was there.
    """

    def __init__(
        self,
        app: App,
        *,
        access_log: bool = True,
        metrics: RequestMetrics | None = None,
        default_timeout_ms: int = 30_000,
    ) -> None:
        self.app = app
        self.log = RequestLog(wanted=access_log)
        self.default_timeout_ms = default_timeout_ms
        self.metrics = metrics or RequestMetrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = RequestRecord(request_id_of(scope), scope["method"], scope["path"])
        token = current_record.set(record)
        answer = _Answer(send, record)
        started_s = scope.get(ARRIVED) or perf_counter()
        try:
            record.deadline_s = deadline_of(scope, started_s, self.default_timeout_ms)
            await self.app(scope, receive, answer.send)
        except Exception as error:
            problem = problem_for(error, record, begun=answer.status > 0)
            if answer.status:  # too late for another answer: the client sees a cut connection
                raise
            await send_problem(answer.send, problem, record.request_id)
        finally:
            seconds = perf_counter() - started_s
            self.metrics.count(record.route or pattern_of(scope), answer.status, seconds)
            self.log.write(record, answer.status, seconds)
            current_record.reset(token)


class _Answer:
    """The sending side of a request: adds id and timing, remembers the status."""

    def __init__(self, send: Send, record: RequestRecord) -> None:
        self._send = send
        self._record = record
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            record = self._record
            headers = [*message.get("headers", ()), (b"x-request-id", record.request_id.encode())]
            if record.model:
                headers.append((b"server-timing", server_timing(record, perf_counter())))
            message["headers"] = headers
        await self._send(message)


def problem_for(error: Exception, record: RequestRecord, *, begun: bool = False) -> Problem:
    """What the caller is told; our own faults are logged, and all once an answer has begun."""
    problem = problem_of(error) if isinstance(error, ServiceError) else INTERNAL_ERROR
    if begun or problem is INTERNAL_ERROR:
        logger.error("%s %s failed", record.method, record.path, exc_info=error)
    return problem


def told(error: Exception, record: RequestRecord) -> tuple[Problem, list[tuple[bytes, bytes]]]:
    """As ``problem_for``, for who answers without a context: with the headers that belong to it."""
    token = current_record.set(record)
    try:
        problem = problem_for(error, record)
    finally:
        current_record.reset(token)
    return problem, [(b"content-type", MEDIA_TYPE.encode()), *problem.raw_headers()]


def request_id_of(scope: Scope) -> str:
    """The caller's id if it is sane, else a new one of 16 hexadecimal digits."""
    return sane_id(header(scope, b"x-request-id"))


def sane_id(given: bytes | None) -> str:
    """The id that a caller gave if it is sane, else a new one."""
    return given.decode("ascii") if is_sane(given) else f"{getrandbits(64):0{ID_LENGTH}x}"


def is_sane(given: bytes | None) -> TypeGuard[bytes]:
    """Whether a caller gave an id that may be used."""
    return bool(given and SANE_ID.fullmatch(given))


def pattern_of(scope: Scope) -> str:
    """The pattern of the route that answered, as the router noted it; callers cannot make it up."""
    return getattr(scope.get("route"), "path", "unmatched")
