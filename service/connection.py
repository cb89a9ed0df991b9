"""One connection of a client: uvicorn's, but a request must arrive whole within a time.

uvicorn waits for ever for the rest of a head or a body, and for the first request of a connection:
a client that sends a byte a second would hold its place for hours.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.problem import MEDIA_TYPE, Problem
from service.websocket_protocol import StreamProtocol

logger = logging.getLogger("seqserve")


class Connection(HttpToolsProtocol):
    """HTTP/1.1 on one connection; ``on_lost`` is called after its end.

    A request that arrived in one piece, as most do, costs no timer.
    """

    def __init__(
        self, *, receive_timeout_s: float, on_lost: Callable[[], None], **parts: Any
    ) -> None:
        super().__init__(**parts)
        self._receive_timeout_s = receive_timeout_s
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

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        super().on_message_complete()
        self._receiving = False

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
    head = (
        "HTTP/1.1 408 Request Timeout\r\n"
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
