"""Taking new connections from the socket that all workers listen on, each its fair share.

Whoever wakes first would take everything that waits (measured: 8 of 8 connections), and keep it as
long as clients keep their connections. So the worker with the most connections holds back a little
and lets the others go first (docs/decisions/0016-workers.md).
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from service.board import Board, State

# How long a worker lets others go first, and how often before it takes what they left.
TURN_S = 0.001
TURNS = 5
# Others can serve and this worker cannot yet, or has no room: look again after this time.
ABSTAIN_S = 0.05
# No file descriptor is left: one may be free later.
EXHAUSTED_S = 0.1
# Taken at once at most, so that requests are answered in between.
BURST = 16

logger = logging.getLogger("seqserve")


class Acceptor:
    """Accept connections on ``listener`` and give each to a new protocol of ``make_protocol``.

    Where there is a ``front`` it gets them first, and ``hand_over`` takes what it gives away.
    Beyond ``most`` open ones, further ones wait in the queue of the socket.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[bytes], asyncio.Protocol],
        board: Board,
        index: int,
        most: int,
    ) -> None:
        listener.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._slot = board.slots[index]
        self._others = [slot for slot in board.slots if slot is not self._slot]
        self._most = most
        self.front: Callable[[socket.socket], None] | None = None
        self._turns = 0
        self._pause: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[Any]] = set()
        self._stopped = False

    def start(self) -> None:
        """Begin to accept."""
        self._pause = None
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def stop(self) -> None:
        """Accept no more, and close this process's end of the socket."""
        self._stopped = True
        if self._pause:
            self._pause.cancel()
        else:
            self._loop.remove_reader(self._listener.fileno())
        self._listener.close()

    def lost(self, connections: int = 1) -> None:
        """Connections of this worker ended."""
        self._slot.connections -= connections

    def hand_over(self, fd: int, received: bytes) -> None:
        """Give a connection, and what came on it, to a protocol."""
        self._connect(socket.socket(fileno=fd), received)

    def _accept(self) -> None:
        insist = self._turns >= TURNS  # they had their turns: busy, or stuck
        for _ in range(BURST):
            if self._abstains() or self._slot.connections >= self._most:
                self._wait(ABSTAIN_S)
                return
            if not insist and self._is_ahead():
                self._turns += 1
                self._wait(TURN_S)
                return
            if not self._take():
                return

    def _take(self) -> bool:
        """Accept one connection; False if there is none."""
        self._turns = 0
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            logger.error("cannot accept connections: %s", error.strerror)
            self._wait(EXHAUSTED_S)
            return False
        self._begin(connection)
        return True

    def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._slot.connections += 1
        if self.front is None:
            self._connect(connection, b"")
            return
        try:
            self.front(connection)
        except OSError as error:
            logger.error("cannot watch a connection: %s", error.strerror)
            connection.close()
            self.lost()

    def _connect(self, connection: socket.socket, received: bytes) -> None:
        make = partial(self._make_protocol, received)
        task = self._loop.create_task(self._loop.connect_accepted_socket(make, connection))
        self._connecting.add(task)
        task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[Any]) -> None:
        self._connecting.discard(task)
        if task.cancelled() or task.exception():  # the client was gone already
            self.lost()

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._pause = self._loop.call_later(seconds, self.start)

    def _abstains(self) -> bool:
        """Whether others can serve and this worker cannot yet."""
        return self._slot.state is not State.READY and any(
            slot.state is State.READY for slot in self._others
        )

    def _is_ahead(self) -> bool:
        """Whether this worker has more connections than another one that may take more."""
        mine = self._slot.connections
        others = [slot.connections for slot in self._others if slot.state is self._slot.state]
        return mine > min(others, default=mine) + mine // 8
