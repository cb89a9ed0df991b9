"""``seqserve serve``: one or more processes around one listening socket, ended gracefully."""

import contextlib
import logging
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess

from service.errors import StartupError
from service.logs import configure_logging
from service.main import STARTUP_FAILURE, build
from service.repository import Repository
from service.settings import ENV_PREFIX, Settings

BACKLOG = 2048

logger = logging.getLogger("seqserve")


def run_server(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code.

    What can be known to be wrong before anything is started (no exports, a damaged file, a port
    in use) ends in one sentence.
    """
    signal.signal(signal.SIGTERM, _exit_quietly)
    configure_logging(settings.log_level, settings.log_format)
    try:
        Repository(settings.repository).active_exports()
        listener = listen(settings.host, settings.port)
    except StartupError as error:
        logger.critical("cannot start: %s", error.detail)
        return STARTUP_FAILURE
    _announce(listener, settings)
    with listener:
        if settings.workers == 1:
            return _run_alone(settings, listener)
        return _run_workers(settings, listener)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port``.

    Raises:
        StartupError: another process has the port, or the host is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # who comes early waits for the first worker instead of failing
    except OSError as error:
        listener.close()
        raise StartupError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another --port "
            "or stop what uses it"
        ) from error
    listener.set_inheritable(True)
    return listener


def _announce(listener: socket.socket, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    fields = {"workers": settings.workers, "repository": str(settings.repository)}
    logger.info(
        "listening on http://%s:%d, documentation at /docs", shown, port, extra={"fields": fields}
    )


def _run_alone(settings: Settings, listener: socket.socket) -> int:
    server = uvicorn.Server(_config(settings, build(settings)))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILURE


def _run_workers(settings: Settings, listener: socket.socket) -> int:
    """Workers are fresh processes: they read the settings from the environment."""
    os.environ |= as_environment(settings)
    supervisor = Multiprocess(_config(settings, "service.main:build"), sockets=[listener])
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def _config(settings: Settings, app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        factory=isinstance(app, str),
        workers=settings.workers,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.graceful_stop_s,
        # A worker that imports torch may be deaf for seconds on a busy machine.
        timeout_worker_healthcheck=60,
    )


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that make another process build the same settings."""
    values = settings.model_dump(mode="json", exclude_none=True)
    return {ENV_PREFIX + name.upper(): str(value) for name, value in values.items()}


def _exit_quietly(_: int, __: FrameType | None) -> None:
    """Before uvicorn takes over the signal, and when it hands it on at its end: a clean exit."""
    sys.exit(0)
