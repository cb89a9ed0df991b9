"""Where log lines go: those of requests are gathered and written together, all others at once.

A line a request, made and written as logging does it, costs half of what the request itself costs.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from select import PIPE_BUF
from typing import IO, TYPE_CHECKING, NamedTuple

# How long a line may wait for others.
LONGEST_WAIT_S = 0.05


class Rendered(NamedTuple):
    """The parts of a line; ``failure`` is the text of an exception, empty if there was none."""

    created_s: float
    level: str
    logger: str
    message: str
    request_id: str
    fields: Mapping[str, object]
    failure: str = ""


if TYPE_CHECKING:  # generic to type checkers only
    _StreamHandler = logging.StreamHandler[IO[str]]
else:
    _StreamHandler = logging.StreamHandler


class LineHandler(_StreamHandler):
    """Writes records at once, as its base does, and ``gather``s lines that come without one.

    What was gathered is written before any record, after ``LONGEST_WAIT_S``, and by ``flush``,
    which logging calls at the end of the process.
    """

    def __init__(self, stream: IO[str], line: Callable[[Rendered], str]) -> None:
        super().__init__(stream)
        self.line = line
        self._gathered: list[str] = []
        self._waiting = False

    def gather(self, line: str) -> None:
        """Write ``line`` soon. Only for the thread of an event loop."""
        self._gathered.append(line)
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(LONGEST_WAIT_S, self._due)

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record`` after the lines that came before it."""
        if self._gathered:
            self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write what was gathered."""
        self._waiting = False
        self.acquire()
        try:
            # The loop may gather meanwhile: what is taken is only what was seen.
            lines = self._gathered[:]
            del self._gathered[: len(lines)]
            for chunk in chunks(lines):
                self.stream.write(chunk)
                self.stream.flush()
            super().flush()
        finally:
            self.release()

    def _due(self) -> None:
        with suppress(OSError, ValueError):  # who closed the stream wants no lines
            self.flush()


def chunks(lines: Iterable[str]) -> Iterator[str]:
    """The lines joined, as many in a piece as a pipe takes at once.

    Workers share a pipe: longer pieces might be mixed with those of others.
    """
    chunk, size = list[str](), 0
    for line in lines:
        length = len(line.encode()) + 1
        if size + length > PIPE_BUF and chunk:
            yield "\n".join([*chunk, ""])
            chunk, size = [], 0
        chunk.append(line)
        size += length
    if chunk:
        yield "\n".join([*chunk, ""])
