"""Where bodies wait to be read when many come at once: the loop sees its sockets in between.

Reading a body takes ten times as long as refusing it. If all that came in a turn of the event loop
were read in that turn, those whom the door refuses would wait for it: the more is asked, the longer
the turns, and nobody is told in time that there is no room.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

# How long bodies are read before the sockets have their turn.
SLICE_S = 0.001


class Desk:
    """Does work in the order in which it came, a slice of it in every turn of the loop."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._awake = False

    def add(self, work: Callable[[], None]) -> None:
        """Do ``work`` soon."""
        self._waiting.append(work)
        if not self._awake:
            self._wake()

    def _wake(self) -> None:
        self._awake = True
        asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        end_s = perf_counter() + SLICE_S
        self._awake = False
        try:
            while self._waiting and perf_counter() < end_s:
                self._waiting.popleft()()
        finally:
            if self._waiting and not self._awake:
                self._wake()
