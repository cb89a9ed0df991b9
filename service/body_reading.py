"""The body of a request as a whole, and handed out once more."""

from service.asgi import Message, Receive
from service.errors import ClientGone


async def read_body(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        ClientGone: the caller left before its end.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        return body
    parts = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    raise ClientGone("the caller closed the connection before the end of the body")


class Replay:
    """Hands out a body that was read already, then whatever comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def receive(self) -> Message:
        """The next message of the request."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
