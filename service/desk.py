"""Where bodies wait to be read, and answers to be written, when there are many at once.

Either takes ten times as long as refusing a request. If all that came in a turn of the event loop
were read in that turn, and all answers of a pass written in one, those whom the door refuses would
wait for it: the more is asked, the longer the turns, and nobody is told in time that there is no
room. So work is done in slices, and in between the sockets have their turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

# How long work is done before the sockets have their turn.
SLICE_S = 0.001

Work = Callable[[], None]


class Desk:
    """Does a slice of work in every turn of the loop: answers first, all in the order they came."""

    def __init__(self) -> None:
        self._bodies: deque[Work] = deque()
        self._answers: deque[Work] = deque()
        self._awake = False

    def read(self, work: Work) -> None:
        """Read a body soon."""
        self._bodies.append(work)
        if not self._awake:
            self._wake()

    def answer(self, work: Work) -> None:
        """Write an answer soon: before any body, as it makes room for one."""
        self._answers.append(work)
        if not self._awake:
            self._wake()

    def _wake(self) -> None:
        self._awake = True
        asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        end_s = perf_counter() + SLICE_S
        self._awake = False
        try:
            while perf_counter() < end_s and (waiting := self._answers or self._bodies):
                waiting.popleft()()
        finally:
            if (self._answers or self._bodies) and not self._awake:
                self._wake()
