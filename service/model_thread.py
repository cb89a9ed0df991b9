"""Where a model computes: a thread of its own, so that the event loop stays responsive."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

Work = Callable[[], Any]
Done = Callable[[Any], None]


class Worker(Protocol):
    """Runs one piece of work at a time and reports back on the event loop.

    The batcher knows no more than this, so work may as well run on the loop itself where that
    is measured to be cheaper than a thread hop.
    """

    def start(self, work: Work, done: Done) -> None:
        """Begin ``work``; ``done`` gets its result or exception, on a later turn of the loop."""

    def close(self) -> None:
        """Release what the worker holds; work that was begun still finishes."""


class ModelThread:
    """A worker with a thread of its own. Construct it on the event loop it reports to.

    A plain thread with a queue: half the hand-over cost of a ThreadPoolExecutor, whose futures
    take a second turn of the event loop.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox: SimpleQueue[tuple[Work, Done] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def start(self, work: Work, done: Done) -> None:
        """Begin ``work``; ``done`` gets its result, or the exception it raised, on the loop."""
        self._inbox.put((work, done))

    async def run(self, work: Work) -> Any:
        """Do ``work`` and return its result, or raise what it raised."""
        done: asyncio.Future[Any] = self._loop.create_future()
        self.start(work, lambda outcome: None if done.done() else done.set_result(outcome))
        outcome = await done
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self) -> None:
        """Let the thread end after what it was given."""
        self._inbox.put(None)

    @property
    def alive(self) -> bool:
        """Whether the thread still takes work."""
        return self._thread.is_alive()

    def _work(self) -> None:
        while (item := self._inbox.get()) is not None:
            work, done = item
            try:
                outcome = work()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for it
                outcome = error
            self._report(done, outcome)
            del item, work, done, outcome  # an idle thread keeps no request alive

    def _report(self, done: Done, outcome: object) -> None:
        try:
            self._loop.call_soon_threadsafe(done, outcome)
        except RuntimeError:  # the loop closed first: nobody waits any more
            self._inbox.put(None)
