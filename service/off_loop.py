"""Where large bodies are read: on one thread, so that the event loop goes on with other requests.

One thread, not many: parsers hold Python's lock, so several would only compete with the loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class OffLoop:
    """Runs work on a body here if it is short, on the thread from ``from_bytes`` on."""

    def __init__(self, from_bytes: int) -> None:
        self.from_bytes = from_bytes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bodies")

    def takes(self, n_bytes: int) -> bool:
        """Whether a body of ``n_bytes`` is read on the thread."""
        return n_bytes >= self.from_bytes

    async def run(self, n_bytes: int, work: Callable[[], T]) -> T:
        """Do ``work`` on a body of ``n_bytes``."""
        if not self.takes(n_bytes):
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Release the thread after what it was given."""
        self._thread.shutdown(wait=False)
