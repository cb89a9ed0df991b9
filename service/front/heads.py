"""Learning the heads of requests, so that C recognises them by their bytes.

One that is not known is parsed once, as uvicorn parses it. What is plain then is taught: the bytes
before and after the digits of its content-length (docs/decisions/0023-known-heads.md).
"""

from collections.abc import Callable
from typing import Protocol

import httptools

from service.direct import DirectPath
from service.door import Door
from service.known_head import PlainHead, learned
from service.tasks.classify_api import SIDE
from service.tasks.forecast_api import LARGEST

GRIDS, LISTS, TEXT = range(3)
# How bodies begin whose numbers are read in C: kind, first field, side of a grid or largest number.
BODIES = {"/classify": (GRIDS, "images", float(SIDE)), "/forecast": (LISTS, "series", LARGEST)}
AS_TEXT = (TEXT, "", 0.0)


class Pupil(Protocol):
    """Whom to teach."""

    def teach(  # noqa: PLR0913, PLR0917 - in C there are no keywords
        self,
        before: bytes,
        after: bytes,
        told: object,
        kind: int,
        name: str,
        bound: float,
        rooms: list[int],
    ) -> int:
        """Know a head from now on, by the number that is returned."""


class Heads:
    """The heads that ``pupil`` knows, by their numbers; ``rooms`` says what fits a pass of a task.

    That is the rows for each bucket of lengths, of the model that answers if none is named.
    """

    def __init__(self, path: DirectPath, door: Door, rooms: Callable[[str], list[int]]) -> None:
        self.known: dict[int, PlainHead] = {}
        self._path = path
        self._door = door
        self._rooms = rooms

    def learn(self, data: bytes, pupil: Pupil) -> bool:
        """Teach the head ``data`` if it is plain; else the parser shall read such requests.

        Raises:
            ServiceError: nothing can be answered now.
        """
        parsed = Parsed.of(data)
        line = self._door.lines.get(parsed.url) if parsed else None
        if parsed is None or line is None:
            return False
        plain = self._path.plain(parsed.url, {"headers": parsed.headers}, line)
        known = learned(data, parsed.url, parsed.headers, plain) if plain else None
        if plain is None or known is None:
            return False
        body = BODIES.get(plain.path, AS_TEXT)
        rooms = self._rooms(plain.endpoint.task)
        self.known[pupil.teach(known.before, known.after, plain, *body, rooms)] = plain
        return True


class Parsed:
    """What the parser finds in a head."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []

    @classmethod
    def of(cls, data: bytes) -> "Parsed | None":
        """The head ``data``, if it is a POST in HTTP/1.1 that leaves the connection open."""
        parsed = cls()
        parser = httptools.HttpRequestParser(parsed)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        kept = parser.should_keep_alive() and parser.get_http_version() == "1.1"
        return parsed if kept and parser.get_method() == b"POST" else None

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, its name in lower case as ASGI has it."""
        self.headers.append((name.lower(), value))
