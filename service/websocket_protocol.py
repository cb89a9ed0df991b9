"""uvicorn's WebSocket protocol, with an end that the application has a say in."""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# What the application receives when the server stops: it may still send, and should close.
STOPPING = "websocket.stopping"


class StreamProtocol(WebSocketsSansIOProtocol):
    """One WebSocket; ``on_lost`` is called after its end.

    uvicorn closes WebSockets the moment it stops. Here the application is told instead, so that it
    answers what it has read, hands out the state to go on from, and closes by itself; what is not
    closed when the grace period is over ends with the process.
    """

    def __init__(self, *arguments: Any, **parts: Any) -> None:
        super().__init__(*arguments, **parts)
        self.on_lost: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        if self.on_lost:
            self.on_lost()

    def shutdown(self) -> None:
        """Tell the application; without one that listens, close at once."""
        if self.handshake_complete and not self.close_sent and not self.disconnected:
            self.stop_keepalive()
            self.queue.put_nowait({"type": STOPPING})  # type: ignore[arg-type,misc]
        else:
            super().shutdown()
