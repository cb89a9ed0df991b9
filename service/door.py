"""Refusing at the door: before the body is parsed, when the answer would come too late anyway.

The batcher predicts when a model is through with its queue. But for small models the model is not
what is scarce: reading and writing numbers is, on the event loop. There a request waits where no
queue is seen, and is late before it is parsed. So the worker watches how fast it answers while it
is busy, and how many requests it is answering: the one divided by the other is how long a newcomer
will take (Little's law).
"""

import asyncio
import math
from contextlib import suppress
from time import perf_counter
from typing import Protocol

# Fewer at a time say nothing about how fast the worker could be, and are never refused.
BUSY = 16
# How long the worker must be busy for a measurement, in all, and how many answers it takes.
WINDOW_S = 0.25
LEAST_ANSWERS = 8
# Of the old estimate, what a new measurement leaves.
INERTIA = 0.5
# A measurement says nothing about a burst that comes much later.
STALE_S = 5.0
# The estimate is a mean: those that are unlucky must be in time as well.
SHARE = 0.5
# A burst may make a line long. A crowd that stands there for longer gains nothing by its size: as
# many are answered, all of them later, and each holds a connection that others wait for where
# nobody sees them. So it must get small again, and stay so.
STANDING_AFTER_S = 0.2
SHARE_STANDING = 0.1
CROWD = 64
LONGEST_PAUSE_S = 10.0
# Room where the speed is not known: more than ever come.
UNKNOWN = 1 << 30


class Count(Protocol):
    """Told of refusals."""

    def __call__(self, route: str, status: int, seconds: float, requests: int = 1) -> None:
        """Count requests that are refused together."""


class Line:
    """The requests of one endpoint, ``route``, that this worker is answering."""

    def __init__(self, route: str) -> None:
        self.route = route
        self.in_flight = 0
        self.refused = 0
        self._per_s = 0.0
        self._measured_s = 0.0
        # Since when it is busy; how long it was, and how many it answered, since it was measured.
        self._busy_since_s = 0.0
        self._busy_s = 0.0
        self._answers = 0
        self._answered_s = 0.0
        self._promised_s = 0.0
        self._short_s = 0.0

    def enter(self, requests: int = 1, *, since_s: float = 0.0) -> None:
        """Some requests begin, or began at ``since_s``."""
        before, self.in_flight = self.in_flight, self.in_flight + requests
        if before < BUSY <= self.in_flight:
            self._short_s = self._busy_since_s = since_s or perf_counter()

    def leave(self, requests: int = 1) -> None:
        """Some requests ended, however they did."""
        before, self.in_flight = self.in_flight, self.in_flight - requests
        if before < BUSY:
            return
        now_s = perf_counter()
        if now_s - self._answered_s > STALE_S:
            self._busy_s, self._answers = 0.0, 0
        self._answered_s = now_s
        self._busy_s += now_s - self._busy_since_s
        self._busy_since_s = now_s
        self._answers += requests
        if self._busy_s >= WINDOW_S and self._answers >= LEAST_ANSWERS:
            self._measured(self._answers / self._busy_s, now_s)

    def left(self, _: asyncio.Task[None]) -> None:
        """As ``leave``, for a task that is done."""
        self.leave()

    def is_too_long(self, timeout_s: float) -> bool:
        """Whether a newcomer would hardly be answered within ``timeout_s``."""
        return self.room(timeout_s) < 1

    def room(self, timeout_s: float) -> int:
        """How many newcomers would be answered within ``timeout_s``."""
        if not self._per_s:
            return UNKNOWN
        now_s = perf_counter()
        if now_s - self._measured_s > STALE_S:
            return UNKNOWN
        standing = self.in_flight > CROWD and now_s - self._short_s > STANDING_AFTER_S
        share = SHARE_STANDING if standing else SHARE
        most = max(BUSY, 1 + int(share * timeout_s * self._per_s))
        return max(0, most - self.in_flight)

    def retry_after_s(self, requests: int = 1) -> int:
        """When there is room, one after the other for all who are told to come again.

        That is for ``requests`` that are told now; 0 to ask only.
        """
        now_s = perf_counter()
        soonest_s = max(self._promised_s, now_s + self.in_flight / self._per_s)
        self._promised_s = min(soonest_s + requests / self._per_s, now_s + LONGEST_PAUSE_S)
        return max(1, math.ceil(self._promised_s - now_s))

    def _measured(self, per_s: float, now_s: float) -> None:
        known = self._per_s and now_s - self._measured_s <= STALE_S
        self._per_s = INERTIA * self._per_s + (1 - INERTIA) * per_s if known else per_s
        self._measured_s = now_s
        self._busy_s, self._answers = 0.0, 0


class Door:
    """The lines of all endpoints that predict; others are never refused here.

    Each endpoint has a line of its own: a slow one does not shut out those who want a quick one.
    ``count`` is told of every refusal.
    """

    def __init__(
        self,
        routes: tuple[str, ...],
        *,
        default_timeout_s: float,
        count: Count,
    ) -> None:
        self.default_timeout_s = default_timeout_s
        self.lines = {route.encode("ascii"): Line(route) for route in routes}
        self.count = count
        self._told = 0

    def newly_refused(self) -> int:
        """How many were refused since this was asked last."""
        refused = sum(line.refused for line in self.lines.values())
        self._told, before = refused, self._told
        return refused - before

    def timeout_s(self, headers: list[tuple[bytes, bytes]]) -> float:
        """How long the caller is ready to wait; what is no number is refused elsewhere."""
        for name, value in headers:
            if name == b"x-timeout-ms":
                with suppress(ValueError):
                    return float(value) / 1e3
        return self.default_timeout_s
