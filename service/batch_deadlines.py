"""Deadlines of many requests behind one timer."""

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from time import perf_counter

from service.batch_request import PendingRequest

# Answered requests stay in the heap until their deadline, but never more than this beyond twice
# as many as still wait: they would add up.
SPARE = 256


class Deadlines:
    """Calls ``expire`` with every request whose deadline passes before it is answered."""

    def __init__(self, expire: Callable[[PendingRequest], None]) -> None:
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int, PendingRequest]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = float("inf")

    def add(self, request: PendingRequest, deadline_s: float, *, waiting: int) -> None:
        """Watch a request; ``waiting`` says how many are not answered."""
        if len(self._heap) > 2 * waiting + SPARE:
            self._heap = [entry for entry in self._heap if not entry[2].gone]
            heapify(self._heap)
        heappush(self._heap, (deadline_s, next(self._numbers), request))
        if deadline_s < self._timer_s:
            self._arm(deadline_s)

    def close(self) -> None:
        """Watch nothing any more."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, deadline_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_s = deadline_s
        delay_s = max(0.0, deadline_s - perf_counter())
        self._timer = self._loop.call_later(delay_s, self._ring)

    def _ring(self) -> None:
        now_s = perf_counter()
        self._timer, self._timer_s = None, float("inf")
        while self._heap and (self._heap[0][0] <= now_s or self._heap[0][2].gone):
            request = heappop(self._heap)[2]
            if not request.gone:
                self._expire(request)
        if self._heap:
            self._arm(self._heap[0][0])
