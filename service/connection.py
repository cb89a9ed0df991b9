"""One connection of a client: requests with a head that is known do without the parser.

A client sends the same head again and again. One that was parsed and found plain is recognised by
its bytes; then the body is cut off and the request begins, or is refused, at once. Everything else
goes to the parser as it came (docs/decisions/0023-known-heads.md).
"""

from time import perf_counter
from typing import Any

from service.door import Line
from service.known_head import KnownHead, PlainHead, learned
from service.parsed_connection import ParsedConnection
from service.raw_response import Headers
from service.refusal import refusal
from service.request_context import sane_id

# Who changes his heads all the time is not learned from for ever.
MOST_LESSONS = 8


class Connection(ParsedConnection):
    """HTTP/1.1 with time limits, cheap refusals, and quick ways for what is plain.

    While a request that did without the parser is being answered, what follows it waits: the
    parser must be between two requests in case it has to read that one after all.
    """

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._known = self._direct_path.latest if self._direct_path else None
        self._lessons = MOST_LESSONS
        # What came last, if it began a request.
        self._chunk = b""
        # Of a request that does without the parser: its head, and how much of its body is missing.
        self._head = b""
        self._missing = 0
        # What came after it.
        self._later = b""

    def data_received(self, data: bytes) -> None:
        """Begin with a request at once if its head is known."""
        if self._head or self._later:
            self._go_on(data)
        elif self._receiving or not self._is_idle():
            super().data_received(data)
        elif self._known is None or not self._recognise(self._known, data):
            self._chunk = data
            super().data_received(data)
            self._chunk = b""

    def _is_idle(self) -> bool:
        cycle = self.cycle
        return (cycle is None or cycle.response_complete) and not self.flow.write_paused

    def _recognise(self, known: KnownHead, data: bytes) -> bool:
        """Begin with the request in ``data``; False if the parser shall read it."""
        start, length = known.split(data)
        path, head = self._direct_path, known.head
        if not start or path is None or not path.takes(length):
            return False
        missing = start + length - len(data)
        if head.line.is_too_long(head.timeout_s):
            if missing > 0:
                return False
            self._turn_away(head)
        else:
            self._idle_since_s = 0.0
            self._head, self._missing = data[:start], missing
            self._direct = self.cycle = path.begin(head, self)  # type: ignore[assignment]
            self._direct.add(data[start:] if missing >= 0 else data[start:missing])
            self._body_came()
        if missing < 0:
            self._keep_for_later(data[missing:])
        return True

    def _turn_away(self, head: PlainHead) -> None:
        arrived_s = perf_counter()
        response = refusal(head.line, sane_id(head.given_id), keep_alive=True)
        self._answer_refused(head.line, response, perf_counter() - arrived_s)
        self._wait_no_more()
        self.on_response_complete()

    def _body_came(self) -> None:
        assert self._direct  # noqa: S101 - it was begun
        self._receiving = self._missing > 0
        self._watch()
        if not self._receiving:
            self._direct.complete(may_wait=True)

    def _go_on(self, data: bytes) -> None:
        """More of the body, or what comes after it."""
        if self._missing > 0 and self._direct:
            self._direct.add(data[: self._missing])
            rest, self._missing = data[self._missing :], self._missing - len(data)
            if self._missing <= 0:
                self._body_came()
            data = rest
        self._keep_for_later(data)

    def _keep_for_later(self, data: bytes) -> None:
        self._later += data
        if not self._head:
            self._read_later()
        elif data:
            self.flow.pause_reading()

    def _read_later(self) -> None:
        """Now that the request before it is answered."""
        if self._later and not self.transport.is_closing():
            self.loop.call_soon(self._read_now)

    def _read_now(self) -> None:
        later, self._later = self._later, b""
        if later and not self.transport.is_closing():
            self.data_received(later)

    def on_headers_complete(self) -> None:
        """Learn the head, if it is plain."""
        if self._head and (direct := self._direct):  # it did without the parser, in vain
            self._head, self._direct = b"", None
            self._begin_late(direct)
        else:
            super().on_headers_complete()

    def _plain_head(self, line: Line) -> PlainHead | None:
        plain = super()._plain_head(line)
        if plain and self._chunk and self._lessons and self._is_kept() and self._direct_path:
            self._lessons -= 1
            known = learned(self._chunk, self.url, self.headers, plain)
            if known:
                self._known = self._direct_path.latest = known
        return plain

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the whole answer of a direct request; then what came after it has its turn."""
        self._head = b""
        super().respond(status, headers, body)
        self._read_later()

    def hand_over(self, body: bytes) -> None:
        """Let the application answer; a request that did without the parser is parsed now."""
        if not self._head:
            super().hand_over(body)
            return
        self.cycle = None  # type: ignore[assignment]
        super().data_received(self._head + body)
        self._read_later()
