"""Work for a caller only as long as the caller is there."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from service.asgi import Receive
from service.errors import ClientGone

T = TypeVar("T")

# A request that is answered sooner is not watched at all: a task that waits for its disconnect
# would cost more than the rest of the server, and saves nothing in so short a time.
UNWATCHED_S = 0.01


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """Do ``work``, but stop it when the caller closes the connection.

    Call it after the body was read: all that can still arrive is the disconnect. It is noticed
    within twice ``UNWATCHED_S``, and at once from then on.

    Raises:
        ClientGone: the caller left first.
    """
    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - coroutines of a server always run in a task
    visit = Visit(receive, me)
    reception = Reception.here()
    reception.welcome(visit)
    try:
        return await work
    except asyncio.CancelledError:
        if visit.left:
            me.uncancel()
            raise ClientGone("the caller closed the connection") from None
        raise
    finally:
        reception.see_off(visit)


class Visit:
    """One caller who waits for the answer of ``task``."""

    __slots__ = ("_receive", "_task", "_watcher", "left")

    def __init__(self, receive: Receive, task: asyncio.Task[Any]) -> None:
        self.left = False
        self._receive = receive
        self._task = task
        self._watcher: asyncio.Task[object] | None = None

    def watch(self) -> None:
        """From now on, cancel the work as soon as the caller leaves."""
        self._watcher = asyncio.ensure_future(self._receive())
        self._watcher.add_done_callback(self._leave)

    def end(self) -> None:
        """The work is done."""
        if self._watcher:
            self._watcher.remove_done_callback(self._leave)
            self._watcher.cancel()

    def _leave(self, _: asyncio.Task[object]) -> None:
        self.left = True
        self._task.cancel()


class Reception:
    """The callers on one event loop; one timer for all of them, and none while nobody waits."""

    _latest: "Reception | None" = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ticking = False
        self._young: set[Visit] = set()
        self._older: set[Visit] = set()

    @classmethod
    def here(cls) -> "Reception":
        """The one of the running loop."""
        loop = asyncio.get_running_loop()
        if cls._latest is None or cls._latest._loop is not loop:
            cls._latest = cls(loop)
        return cls._latest

    def welcome(self, visit: Visit) -> None:
        """Watch ``visit`` if it stays."""
        self._young.add(visit)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(UNWATCHED_S, self._tick)

    def see_off(self, visit: Visit) -> None:
        """Its work is done."""
        self._young.discard(visit)
        self._older.discard(visit)
        visit.end()

    def _tick(self) -> None:
        for visit in self._older:
            visit.watch()
        self._older, self._young = self._young, set()
        self._ticking = bool(self._older)
        if self._ticking:
            self._loop.call_later(UNWATCHED_S, self._tick)
