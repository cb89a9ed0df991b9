"""Work for a caller only as long as the caller is there."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from service.asgi import Receive
from service.errors import ClientGone

T = TypeVar("T")


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """Do ``work``, but stop it when the caller closes the connection.

    Call it after the body was read: all that can still arrive is the disconnect.

    Raises:
        ClientGone: the caller left first.
    """
    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - coroutines of a server always run in a task
    left = False

    def leave(_: asyncio.Task[object]) -> None:
        nonlocal left
        left = True
        me.cancel()

    watcher: asyncio.Task[object] = asyncio.ensure_future(receive())
    watcher.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if left:
            me.uncancel()
            raise ClientGone("the caller closed the connection") from None
        raise
    finally:
        watcher.remove_done_callback(leave)
        watcher.cancel()
