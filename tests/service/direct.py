"""Requests straight to the application, without a client library: thousands a second."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from service.asgi import App, Message, Scope

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def comparable(self) -> object:
        """All of the body but the id of the request, which is never the same."""
        document = orjson.loads(self.body)
        return {name: value for name, value in document.items() if name != "request_id"}


async def ask(
    app: App, path: str, body: bytes, headers: Headers = (), *, query: bytes = b""
) -> Answered:
    """POST ``body`` and wait for the answer; the caller stays."""
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope_of(path, headers, query), receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answered(sent[0]["status"], dict(sent[0]["headers"]), content)


def scope_of(path: str, headers: Headers = (), query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"service"), *headers],
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }
