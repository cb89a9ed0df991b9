"""uvicorn's server as one of several workers: it accepts its share and shows that it lives."""

import logging
import os
import resource
import socket
from time import monotonic

import uvicorn

from service.acceptor import Acceptor
from service.connection import Connection
from service.direct import direct_path
from service.door import Door
from service.front.front import Front, Patience, Rim
from service.lifecycle import Service
from service.settings import Settings
from service.websocket_protocol import StreamProtocol

# A turn is a tenth of a second.
TURNS_BETWEEN_METRICS = 3
# Not a line for each: under overload there is no time for that.
TURNS_BETWEEN_WARNINGS = 10
# What clients ask for in masses; other endpoints answer also under overload.
GUARDED = ("/classify", "/forecast", "/next-word", "/transduce")
# Exports, libraries, the log, the event loop itself.
FILES_BESIDES = 128
# A WebSocket whose client is gone without a word is noticed after twice that.
PING_S = 20.0

logger = logging.getLogger("seqserve")


class WorkerServer(uvicorn.Server):
    """Serve ``service`` on connections taken from ``listener``.

    With a ``supervisor`` (its process id) it ends when that one is gone.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        listener: socket.socket,
        supervisor: int | None = None,
    ) -> None:
        super().__init__(config)
        self._service = service
        self._slot = service.place.slot
        self._listener = listener
        self._supervisor = supervisor
        self._door = Door(
            GUARDED,
            default_timeout_s=service.settings.default_timeout_ms / 1e3,
            count=service.request_metrics.count,
        )
        self._direct_path = direct_path(service)
        self._acceptor: Acceptor | None = None
        self._front: Front | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Start the application, then accept connections."""
        await super().startup(sockets=[])
        place, most = self._service.place, self._service.settings.max_connections
        self._acceptor = Acceptor(
            self._listener, self._connection, place.board, place.index, min(most, allow_files(most))
        )
        self._front = self._made_front(self._acceptor)
        self._acceptor.front = self._front.adopt if self._front else None
        self._acceptor.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - as above
        """Accept no more, finish what was accepted."""
        if self._acceptor:
            self._acceptor.stop()
        if self._front:
            await self._front.stop(self._service.settings.graceful_stop_s)
        await super().shutdown(sockets=[])

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: show that the loop turns, now and then what was counted."""
        self._slot.beat_s = monotonic()
        if counter % TURNS_BETWEEN_METRICS == 0:
            self._service.metrics.publish()
        if counter % TURNS_BETWEEN_WARNINGS == 0 and (refused := self._door.newly_refused()):
            logger.warning("overloaded: %d requests were refused at the door", refused)
        if self._supervisor and os.getppid() != self._supervisor:
            self.should_exit = True
        return await super().on_tick(counter)

    def _made_front(self, acceptor: Acceptor) -> Front | None:
        """What serves connections before uvicorn, where it was compiled and may be used."""
        settings = self._service.settings
        if not self._service.has_front or self._direct_path is None:
            return None
        patience = Patience(settings.receive_timeout_s, settings.keep_alive_s)
        rim = Rim(acceptor.hand_over, acceptor.lost, lambda: self.server_state.default_headers)
        return Front(self._service, self._direct_path, self._door, rim, patience)

    def _connection(self, received: bytes) -> Connection:
        assert self._acceptor  # noqa: S101 - only the acceptor makes connections
        return Connection(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            receive_timeout_s=self._service.settings.receive_timeout_s,
            door=self._door,
            direct_path=self._direct_path,
            on_lost=self._acceptor.lost,
            received=received,
        )


def allow_files(n_connections: int) -> int:
    """Let this process open a file for each connection, and return for how many it may.

    Shells often set a soft limit of 1024 files, far below the hard one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    wanted = n_connections + FILES_BESIDES
    allowed = max(soft, wanted if unlimited else min(wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, allowed - FILES_BESIDES)


def uvicorn_config(settings: Settings, app: object) -> uvicorn.Config:
    """What uvicorn shall do, and leave to us."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=Connection,
        ws=StreamProtocol,
        ws_max_size=settings.max_stream_message_bytes,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        # Noise does not compress, and every stream would hold 10 kB of windows.
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who asks is of interest to hooks only.
        proxy_headers=settings.auth_hook is not None,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.graceful_stop_s,
    )
