"""A timer that is put off by whatever happens, at no cost to what happens."""

import asyncio
from collections.abc import Callable
from time import perf_counter


class IdleWatch:
    """Call ``expired`` once nothing was heard for ``limit_s`` seconds, nor ``busy`` said so.

    Hearing something sets a number; the timer looks at it when it is due, and not before.
    """

    def __init__(
        self, limit_s: float, expired: Callable[[], None], *, busy: Callable[[], bool]
    ) -> None:
        self._limit_s = limit_s
        self._busy = busy
        self._expired = expired
        self._heard_s = perf_counter()
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._look)

    def heard(self) -> None:
        """Something happened."""
        self._heard_s = perf_counter()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()

    def _look(self) -> None:
        if self._busy():
            self.heard()
        left_s = self._heard_s + self._limit_s - perf_counter()
        if left_s > 0:
            self._timer = asyncio.get_running_loop().call_later(left_s, self._look)
        else:
            self._expired()
