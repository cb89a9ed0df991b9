"""One keep-alive connection that costs as little as Python allows: no streams, no parser.

Client and service share the machine, so what the client takes, the service lacks.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

LENGTH = b"content-length: "
RETRY_AFTER = b"retry-after: "
LOST = 0


class Answer(NamedTuple):
    """What came back; ``status`` is ``LOST`` if the connection ended first."""

    status: int
    head: bytes
    body: bytes

    @property
    def retry_after_s(self) -> int | None:
        """What the service says about trying again."""
        at = self.head.find(RETRY_AFTER)
        if at < 0:
            return None
        return int(self.head[at + len(RETRY_AFTER) :].split(b"\r", 1)[0])


Done = Callable[["Caller", Answer], None]


class Caller(asyncio.Protocol):
    """Sends one whole request at a time; ``done`` is called with its answer."""

    def __init__(self, done: Done) -> None:
        self.done = done
        self.open = False
        self.intended_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._waiting = False
        self._part = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ready to send."""
        self._transport = transport
        self.open = True

    def send(self, request: bytes, intended_s: float) -> None:
        """Send; ``intended_s`` is when that should have happened."""
        self.intended_s = intended_s
        self._waiting = True
        if self._transport is None or not self.open:
            self._finish(Answer(LOST, b"", b""))
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Part of an answer, or all of it."""
        part = self._part + data if self._part else data
        end = part.find(b"\r\n\r\n")
        if end >= 0:
            at = part.find(LENGTH, 0, end) + len(LENGTH)
            whole = end + 4 + int(part[at : part.index(b"\r", at)])
            if len(part) >= whole:
                self._part = b""
                self._finish(Answer(int(part[9:12]), part[: end + 2], part[end + 4 : whole]))
                return
        self._part = part

    def connection_lost(self, _: Exception | None) -> None:
        """The service closed it, or we did."""
        self.open = False
        if self._waiting:
            self._finish(Answer(LOST, b"", b""))

    def close(self) -> None:
        """Leave at once, whatever is under way."""
        self._waiting = False
        if self._transport:
            self._transport.abort()

    def _finish(self, answer: Answer) -> None:
        self._waiting = False
        self.done(self, answer)


class Target(NamedTuple):
    """Where the service listens."""

    host: str
    port: int

    async def connect(self, done: Done) -> Caller:
        """A new connection."""
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(lambda: Caller(done), self.host, self.port)
        return caller

    async def ask(self, request: bytes) -> tuple[Answer, float]:
        """One request on a connection of its own, and how long its answer took."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        started_s = perf_counter()
        caller = await self.connect(
            lambda _, answer: None if answered.done() else answered.set_result(answer)
        )
        caller.send(request, started_s)
        answer = await answered
        caller.close()
        return answer, perf_counter() - started_s


def post(path: str, body: bytes, **headers: object) -> bytes:
    """A whole request; ``X_Timeout_Ms=500`` becomes the header ``X-Timeout-Ms: 500``."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
