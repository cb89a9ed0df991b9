"""Refuses request bodies that are too long, before they fill the memory."""

from time import perf_counter

from service.asgi import App, Message, Receive, Scope, Send, header
from service.errors import BodyTooLarge
from service.problem import body_too_large, send_problem
from service.request_record import current_record


class BodyLimit:
    """Wrap ``app``: nobody reads more than ``max_bytes`` of a request body.

    A declared length is believed, so that nothing of such a body is read. A body of unknown
    length is counted while it streams in.

    Raises, to whoever reads the body:
        BodyTooLarge: it went on beyond ``max_bytes``.
    """

    def __init__(self, app: App, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif declared_length(scope) > self.max_bytes:
            record = current_record.get()
            problem = body_too_large(self.max_bytes)
            await send_problem(send, problem, record.request_id if record else "")
        else:
            await self.app(scope, _Meter(receive, self.max_bytes).receive, send)


class _Meter:
    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._seen_bytes = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen_bytes += len(message.get("body", b""))
        if self._seen_bytes > self._max_bytes:
            raise BodyTooLarge(body_too_large(self._max_bytes).detail)
        if not message.get("more_body", False) and (record := current_record.get()):
            record.read_s = record.read_s or perf_counter()
        return message


def declared_length(scope: Scope) -> int:
    """The Content-Length, 0 if there is none; servers refuse what is no number."""
    value = header(scope, b"content-length")
    return int(value) if value and value.isdigit() else 0
