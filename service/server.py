"""``seqserve serve``: one or more processes around one listening socket, ended gracefully."""

import contextlib
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

from service.allocator import PRELOAD, restart_with, to_preload
from service.authorization import authorize_from
from service.board import Board, Place
from service.endings import STARTUP_FAILURE, end_quietly_on_sigterm
from service.errors import StartupError
from service.logs import configure_logging
from service.repository import Repository
from service.settings import ENV_PREFIX, Settings
from service.supervisor import Supervisor
from service.threads import ThreadPlan, plan_threads

BACKLOG = 2048
ROOT = Path(__file__).resolve().parents[1]

logger = logging.getLogger("seqserve")


def run_server(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code.

    What can be known to be wrong before anything is started (no exports, a damaged file, a port
    in use) ends in one sentence.
    """
    end_quietly_on_sigterm()
    configure_logging(settings.log_level, settings.log_format)
    try:
        Repository(settings.repository).active_exports()
        authorize_from(settings)
        library = to_preload(settings.allocator)
        plan = plan_threads(settings.workers, settings.threads)
        if plan.workers == 1 and library:
            restart_with(library)
        listener = listen(settings.host, settings.port)
    except StartupError as error:
        logger.critical("cannot start: %s", error.detail)
        return STARTUP_FAILURE
    planned = settings.model_copy(update={"workers": plan.workers})
    _announce(listener, settings, plan)
    with listener:
        return (
            _run_alone(planned, listener)
            if plan.workers == 1
            else _run_workers(planned, listener, library)
        )


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
    return listener


def _announce(listener: socket.socket, settings: Settings, plan: ThreadPlan) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    fields = {
        "workers": plan.workers,
        "chosen": "auto" if settings.workers == "auto" else "set",
        "threads": plan.intra_op,
        "processors": plan.processors,
        "repository": str(settings.repository),
    }
    logger.info(
        "listening on http://%s:%d, documentation at /docs", shown, port, extra={"fields": fields}
    )
    if plan.oversubscribed:
        logger.warning(
            "%d workers x %d threads want more than the %d processors there are",
            plan.workers,
            plan.intra_op,
            plan.processors,
        )


def _run_alone(settings: Settings, listener: socket.socket) -> int:
    # A supervisor does without: it starts in a fraction of the time and memory.
    from service.main import build_in  # noqa: PLC0415
    from service.worker_server import WorkerServer, uvicorn_config  # noqa: PLC0415

    app, service = build_in(Place.alone(), settings)
    server = WorkerServer(uvicorn_config(settings, app), service, listener)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else STARTUP_FAILURE


def _run_workers(settings: Settings, listener: socket.socket, library: str | None) -> int:
    plan_workers = int(settings.workers)
    board = Board.shared(plan_workers)
    environment = _environment(settings, library)

    def start(index: int) -> subprocess.Popen[bytes]:
        return _start_worker(index, board, listener, environment)

    supervisor = Supervisor(
        start,
        board,
        stuck_after_s=settings.stuck_after_s,
        graceful_stop_s=settings.graceful_stop_s,
    )
    supervisor.handle_signals()
    return supervisor.run(close_listener=listener.close)


def _start_worker(
    index: int, board: Board, listener: socket.socket, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """A fresh process: it reads the settings from its environment."""
    descriptors = (board.fd or 0, listener.fileno())
    arguments = (index, *descriptors, os.getpid())
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "service.worker", *map(str, arguments)],
        env=environment,
        pass_fds=descriptors,
    )


def _environment(settings: Settings, library: str | None) -> dict[str, str]:
    """The environment of a worker."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    preload = {PRELOAD: library} if library else {}
    return {**os.environ, **as_environment(settings), **preload, "PYTHONPATH": path}


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that make another process build the same settings."""
    values = settings.model_dump(mode="json", exclude_none=True)
    return {ENV_PREFIX + name.upper(): str(value) for name, value in values.items()}
