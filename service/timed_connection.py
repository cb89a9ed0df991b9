"""One connection of a client: uvicorn's, but with time limits for what is sent.

uvicorn waits for ever for the rest of a head or a body, and for the first request of a connection:
a client that sends a byte a second would hold its place for hours.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.problem import MEDIA_TYPE, Problem
from service.raw_response import raw_response
from service.websocket_protocol import StreamProtocol

logger = logging.getLogger("seqserve")

# Who is told that he was too slow still sends. To close the connection would answer that with a
# reset, which may overtake what he was told.
LINGER_S = 1.0


class Deaf(asyncio.Protocol):
    """Ignores what comes, until the client ends the connection or it is closed."""

    def __init__(self, lost: Callable[[Exception | None], None]) -> None:
        self._lost = lost

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waited for it."""
        self._lost(exc)


class TimedConnection(HttpToolsProtocol):
    """HTTP/1.1 on one connection; ``on_lost`` is called after its end.

    ``received`` came on it before.

    A request that arrived in one piece, as most do, costs no timer; and one timer watches a
    connection that is kept between all its requests.
    """

    def __init__(
        self,
        *,
        receive_timeout_s: float,
        on_lost: Callable[[], None],
        received: bytes = b"",
        **parts: Any,
    ) -> None:
        super().__init__(**parts)
        self._received = received
        self._receive_timeout_s = receive_timeout_s
        self._on_lost = on_lost
        self._receiving = False
        self._timer: asyncio.TimerHandle | None = None
        # When the last answer was complete, 0 while there is something to do.
        self._idle_since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()
        if received := self._received:
            self._received = b""
            self.data_received(received)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        self._wait_no_more()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
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

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._receiving = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Handle what came; if it ends amid a request, the rest must come in time."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """As uvicorn does it, but for the timer: that is set once, and looks when it rings."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since_s = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._ring_after(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing came for so long."""
        self.timeout_keep_alive_task = None
        if self.transport.is_closing() or not self._idle_since_s:
            return
        rest_s = self._idle_since_s + self.timeout_keep_alive - self.loop.time()
        if rest_s <= 0:
            self.transport.close()
        else:
            self._ring_after(rest_s)

    def _ring_after(self, seconds: float) -> None:
        ring = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(seconds, ring)

    def _unset_keepalive_if_required(self) -> None:
        """Something came: the timer may ring, and finds that the connection is not idle."""
        self._idle_since_s = 0.0

    def _watch(self) -> None:
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
            self._give_up()
        else:
            self.transport.close()

    def _give_up(self) -> None:
        logger.info("a request was not there after %g s: 408", self._receive_timeout_s)
        if self.cycle is not None:  # the application shall not answer, too
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(too_slow_response(self._receive_timeout_s))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.set_protocol(Deaf(self.connection_lost))
        self.loop.call_later(LINGER_S, self.transport.close)

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
