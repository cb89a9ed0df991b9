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

from service.direct import DirectPath
from service.direct_request import DirectRequest
from service.door import Door, Line
from service.problem import MEDIA_TYPE, Problem
from service.raw_response import Headers, raw_response
from service.refusal import Refusal
from service.request_context import ARRIVED
from service.websocket_protocol import StreamProtocol

logger = logging.getLogger("seqserve")


class Connection(HttpToolsProtocol):
    """HTTP/1.1 on one connection; ``on_lost`` is called after its end.

    A request that arrived in one piece, as most do, costs no timer.
    """

    def __init__(
        self,
        *,
        receive_timeout_s: float,
        door: Door,
        on_lost: Callable[[], None],
        direct_path: DirectPath | None = None,
        **parts: Any,
    ) -> None:
        super().__init__(**parts)
        self._receive_timeout_s = receive_timeout_s
        self._door = door
        self._on_lost = on_lost
        self._direct_path = direct_path
        self._direct: DirectRequest | None = None
        self._receiving = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        if self._direct:
            self._direct.lost()
            self._direct = None
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
        if not line or not self._is_answered_in_turn():
            super().on_headers_complete()
        elif line.is_too_long(self._door.timeout_s(self.headers)):
            self.cycle = Refusal(line, self.scope, keep_alive=self.parser.should_keep_alive())  # type: ignore[assignment]
        elif direct := self._taken_directly(line):
            self.cycle = self._direct = direct  # type: ignore[assignment]
        else:
            super().on_headers_complete()

    def _taken_directly(self, line: Line) -> DirectRequest | None:
        """The request, if it can do without the application."""
        if self._direct_path is None or self.root_path or self.limit_concurrency is not None:
            return None
        if self.flow.write_paused:  # who does not read shall not be sent more: only uvicorn waits
            return None
        direct = self._direct_path.take(self.url, self.scope, line, self)  # type: ignore[arg-type]
        if direct:
            direct.keep_alive = self._is_kept()
        return direct

    def _is_kept(self) -> bool:
        kept: bool = self.parser.should_keep_alive()
        return kept and self.parser.get_http_version() != "1.0"

    def on_body(self, body: bytes) -> None:
        """Some bytes of a body."""
        if self._direct and self._direct.more_body:
            self._direct.add(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._receiving = False
        if self._direct and self._direct.more_body:
            self._direct.complete()
            return
        super().on_message_complete()
        if isinstance(self.cycle, Refusal) and not self.cycle.told:
            self._refuse(self.cycle)

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the whole answer of a direct request."""
        direct, self._direct = self._direct, None
        assert direct  # noqa: S101 - only such a request calls this
        common = self.server_state.default_headers
        kept = direct.keep_alive
        self.transport.write(raw_response(status, [*common, *headers], body, keep_alive=kept))
        if not kept:
            self.transport.close()
        self.on_response_complete()

    def hand_over(self, body: bytes) -> None:
        """Let the application answer, as if the whole request had arrived just now."""
        direct, self._direct = self._direct, None
        assert direct  # noqa: S101 - as above
        self.scope[ARRIVED] = direct.arrived_s  # type: ignore[literal-required]
        self.cycle = None  # type: ignore[assignment]
        super().on_headers_complete()
        self.cycle.keep_alive = direct.keep_alive
        super().on_body(body)
        super().on_message_complete()

    def _is_answered_in_turn(self) -> bool:
        """Only what is answered in turn, and whose body comes anyway."""
        earlier = self.cycle
        in_turn = earlier is None or earlier.response_complete
        return in_turn and not self.expect_100_continue and self.parser.get_method() == b"POST"

    def _refuse(self, refusal: Refusal) -> None:
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


def too_slow_response(seconds: float) -> bytes:
    """A whole answer, which ends the connection: there is no request that could be answered."""
    problem = Problem(
        status=408,
        kind="request-timeout",
        title="Request timeout",
        detail=f"The request was not there after {seconds:g} seconds. Send less, or faster.",
    )
    body = problem.body()
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    return raw_response(408, headers, body, keep_alive=False)
