"""One of several worker processes: ``python -m service.worker SLOT BOARD LISTENER SUPERVISOR``.

Board and listener are inherited file descriptors, the supervisor is a process id: asked for here,
the parent might be gone already. Settings come from the environment.
"""

import contextlib
import faulthandler
import signal
import socket
import sys

from service.board import Board, Place
from service.endings import STARTUP_FAILURE, end_quietly_on_sigterm
from service.main import build_in
from service.settings import Settings
from service.worker_server import WorkerServer, uvicorn_config


def main(arguments: list[str]) -> int:
    """Serve until told to stop; return the exit code."""
    index, board_fd, listener_fd, supervisor = map(int, arguments)
    end_quietly_on_sigterm()
    # What it was doing, in the log, when the supervisor finds it stuck.
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    settings = Settings()
    app, service = build_in(Place(Board.attach(board_fd), index), settings)
    listener = socket.socket(fileno=listener_fd)
    server = WorkerServer(uvicorn_config(settings, app), service, listener, supervisor)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else STARTUP_FAILURE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
