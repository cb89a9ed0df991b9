"""Turns of quick models on the event loop, between its other work."""

import asyncio
from collections import deque
from collections.abc import Callable


class LoopTurns:
    """Shared by all models of a process: at most one of them computes in a turn of the loop.

    They come in the order in which they asked, each once before any comes again, and between two
    of them the loop reads and writes what its sockets have.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], None]] = deque()
        self._taken = False

    def take(self, work: Callable[[], None]) -> None:
        """Do ``work`` now, or in a later turn if this one is taken."""
        self._waiting.append(work)
        if not self._taken:
            self._next()

    def _next(self) -> None:
        self._taken = bool(self._waiting)
        if self._taken:
            self._loop.call_soon(self._next)
            self._waiting.popleft()()
