"""One connection of a client: uvicorn's, but with time limits, and cheap refusals under overload.

uvicorn waits for ever for the rest of a head or a body, and for the first request of a connection:
a client that sends a byte a second would hold its place for hours. What ``door.py`` refuses is
answered here, for a tenth of what an answer by the application takes.
"""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.door import Door, Line
from service.errors import ServiceOverloaded
from service.http_errors import problem_of
from service.problem import MEDIA_TYPE, Problem
from service.request_context import request_id_of
from service.websocket_protocol import StreamProtocol

logger = logging.getLogger("seqserve")


class Connection(HttpToolsProtocol):
    """HTTP/1.1 on one connection; ``on_lost`` is called after its end.

    A request that arrived in one piece, as most do, costs no timer.
    """

    def __init__(
        self, *, receive_timeout_s: float, door: Door, on_lost: Callable[[], None], **parts: Any
    ) -> None:
        super().__init__(**parts)
        self._receive_timeout_s = receive_timeout_s
        self._door = door
        self._on_lost = on_lost
        self._receiving = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        self._wait_no_more()
        self._on_lost()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on: from here it is no longer a request that we wait for."""
        super().handle_websocket_upgrade()
        self._receiving = False
        protocol: object = self.transport.get_protocol()
        if isinstance(protocol, StreamProtocol):
            protocol.on_lost = self._on_lost

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._receiving = True

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the answer would come too late."""
        line = self._door.lines.get(self.url)
        if line and self._may_be_refused() and line.is_too_long(self._door.timeout_s(self.headers)):
            self.cycle = Refusal(line, self.scope, keep_alive=self.parser.should_keep_alive())  # type: ignore[assignment]
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        super().on_message_complete()
        self._receiving = False
        if isinstance(self.cycle, Refusal) and not self.cycle.told:
            self._refuse(self.cycle)

    def _may_be_refused(self) -> bool:
        """Only what is answered in turn, and whose body comes anyway."""
        earlier = self.cycle
        in_turn = earlier is None or earlier.response_complete
        return in_turn and not self.expect_100_continue and self.parser.get_method() == b"POST"

    def _refuse(self, refusal: "Refusal") -> None:
        refusal.told = True
        self.transport.write(refusal.response())
        refusal.line.refused += 1
        self._door.count(refusal.line.route, 503, perf_counter() - refusal.started_s)
        if not refusal.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """As uvicorn does it; the line learns of the beginning and the end."""
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        line = self._door.lines.get(cycle.scope["raw_path"])
        if line and cycle.scope["method"] == "POST":
            line.enter()
            task.add_done_callback(line.leave)

    def data_received(self, data: bytes) -> None:
        """Handle what came; if it ends amid a request, the rest must come in time."""
        super().data_received(data)
        if not self._receiving:
            self._wait_no_more()
        elif self._timer is None:
            self._wait()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self._receive_timeout_s, self._too_slow)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._waits_for_us():
            self._wait()
            return
        if self._receiving and not self._answering():
            self.transport.write(too_slow_response(self._receive_timeout_s))
            logger.info("a request was not there after %g s: 408", self._receive_timeout_s)
        self.transport.close()

    def _waits_for_us(self) -> bool:
        """Whether an earlier request is still being answered, so that reading was paused."""
        return bool(self.pipeline) or (
            self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        )

    def _answering(self) -> bool:
        return self.cycle is not None and (
            self.cycle.response_started and not self.cycle.response_complete
        )


class Refusal:
    """Takes the place of a request that uvicorn would answer, but is answered with 503.

    Its attributes are those that uvicorn asks a request for when the connection goes on.
    """

    response_started = response_complete = True
    more_body = False

    def __init__(self, line: Line, scope: Any, *, keep_alive: bool) -> None:
        self.message_event = asyncio.Event()
        self.keep_alive = keep_alive
        self.told = False
        self.started_s = perf_counter()
        self.line = line
        self._scope = scope

    def response(self) -> bytes:
        """The whole answer."""
        request_id = request_id_of(self._scope)
        problem = problem_of(
            ServiceOverloaded(
                "The answer would come after its deadline: too many requests are being answered.",
                retry_after_s=self.line.retry_after_s(),
            )
        )
        body = problem.body(request_id)
        lines = [
            "HTTP/1.1 503 Service Unavailable",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            *(f"{name.lower()}: {value}" for name, value in problem.headers.items()),
            f"x-request-id: {request_id}",
            *(() if self.keep_alive else ("connection: close",)),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def too_slow_response(seconds: float) -> bytes:
    """A whole answer, which ends the connection: there is no request that could be answered."""
    problem = Problem(
        status=408,
        kind="request-timeout",
        title="Request timeout",
        detail=f"The request was not there after {seconds:g} seconds. Send less, or faster.",
    )
    body = problem.body()
    head = (
        "HTTP/1.1 408 Request Timeout\r\n"
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
