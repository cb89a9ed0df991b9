"""A connection whose requests the parser reads: who is refused, who goes which way.

What ``door.py`` refuses is answered here, for a tenth of what an answer by the application takes;
what ``direct.py`` takes does without the application.
"""

import asyncio
from time import perf_counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from service.direct import DirectPath
from service.direct_request import DirectRequest
from service.door import Door, Line
from service.known_head import PlainHead
from service.raw_response import Headers, raw_response
from service.refusal import Refusal
from service.request_context import ARRIVED
from service.timed_connection import TimedConnection


class ParsedConnection(TimedConnection):
    """HTTP/1.1 with a door before the application, and a way around it."""

    def __init__(self, *, door: Door, direct_path: DirectPath | None = None, **parts: Any) -> None:
        super().__init__(**parts)
        plain_only = self.root_path or self.limit_concurrency is not None
        self._door = door
        self._direct_path = None if plain_only else direct_path
        self._direct: DirectRequest | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for the request at hand."""
        direct, self._direct = self._direct, None
        if direct:
            direct.lost()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the answer would come too late."""
        line = self._door.lines.get(self.url)
        if not line or not self._is_answered_in_turn():
            super().on_headers_complete()
            return
        plain = self._plain_head(line)
        timeout_s = plain.timeout_s if plain else self._door.timeout_s(self.headers)
        if line.is_too_long(timeout_s):
            self.cycle = Refusal(line, self.scope, keep_alive=self.parser.should_keep_alive())  # type: ignore[assignment]
        elif plain and self._direct_path:
            direct = self._direct_path.begin(plain, self)
            direct.keep_alive = self._is_kept()
            self.cycle = self._direct = direct  # type: ignore[assignment]
        else:
            super().on_headers_complete()

    def _plain_head(self, line: Line) -> PlainHead | None:
        """What is known of the request if it can do without the application."""
        if self._direct_path is None:
            return None
        if self.flow.write_paused:  # who does not read shall not be sent more: only uvicorn waits
            return None
        return self._direct_path.plain(self.url, self.scope, line)  # type: ignore[arg-type]

    def _is_kept(self) -> bool:
        kept: bool = self.parser.should_keep_alive()
        return kept and self.parser.get_http_version() != "1.0"

    def on_body(self, body: bytes) -> None:
        """Some bytes of a body."""
        if self._direct and self._direct.more_body:
            self._direct.add(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        if self._direct and self._direct.more_body:
            self._receiving = False
            self._direct.complete(may_wait=False)
            return
        super().on_message_complete()
        if isinstance(self.cycle, Refusal) and not self.cycle.told:
            self._refuse(self.cycle)

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the whole answer of a direct request."""
        direct, self._direct = self._direct, None
        assert direct  # noqa: S101 - only such a request calls this
        common = self.server_state.default_headers
        kept = direct.keep_alive
        self.transport.write(raw_response(status, [*common, *headers], body, keep_alive=kept))
        if not kept:
            self.transport.close()
        self.on_response_complete()

    def hand_over(self, body: bytes) -> None:
        """Let the application answer, as if the whole request had arrived just now."""
        direct, self._direct = self._direct, None
        assert direct  # noqa: S101 - as above
        self.cycle = None  # type: ignore[assignment]
        self._begin_late(direct)
        super().on_body(body)
        super().on_message_complete()

    def _begin_late(self, direct: DirectRequest) -> None:
        """Let the application begin with a request whose head was there earlier."""
        self.scope[ARRIVED] = direct.arrived_s  # type: ignore[literal-required]
        super().on_headers_complete()
        self.cycle.keep_alive = direct.keep_alive

    def _is_answered_in_turn(self) -> bool:
        """Only what is answered in turn, and whose body comes anyway."""
        earlier = self.cycle
        in_turn = earlier is None or earlier.response_complete
        return in_turn and not self.expect_100_continue and self.parser.get_method() == b"POST"

    def _refuse(self, refusal: Refusal) -> None:
        refusal.told = True
        seconds = perf_counter() - refusal.started_s
        self._answer_refused(refusal.line, refusal.response(), seconds)
        if not refusal.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _answer_refused(self, line: Line, response: bytes, seconds: float) -> None:
        self.transport.write(response)
        line.refused += 1
        self._door.count(line.route, 503, seconds)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """As uvicorn does it; the line learns of the beginning and the end."""
        task: asyncio.Task[None] = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        line = self._door.lines.get(cycle.scope["raw_path"])
        if line and cycle.scope["method"] == "POST":
            line.enter()
            task.add_done_callback(line.left)
