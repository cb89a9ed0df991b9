"""The fast path: plain JSON to an answer, reached before the web framework.

Bytes to arrays, to the batcher, to bytes; no object for a number, no validation model, no router.
Whatever is not recognised with certainty goes on to the full path, with the body replayed
untouched, so this layer never refuses a body (docs/decisions/0014-fast-path.md).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from service.asgi import App, Receive, Scope, Send
from service.body_reading import Replay, read_body
from service.disconnect import unless_gone
from service.errors import InvalidInput, ModelNotFound, NotOffered
from service.fast_json import read_contexts, read_images, read_series
from service.fast_pieces import read_many_images, read_many_series
from service.lifecycle import Service
from service.request_record import current_record
from service.tasks.contract import Payload

JSON = b"application/json"
HEADERS = (b"content-type", JSON)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the fast path knows of an endpoint: whose task it is, and how to read plain bodies.

    Large ones are read by ``read_many``, off the event loop, and by ``read`` if that does not help.
    """

    task: str
    read: Callable[[bytes], Any]
    read_many: Callable[[bytes], Any] = lambda _: None

    def read_large(self, body: bytes) -> Any:
        """The request in a large body, or None."""
        request = self.read_many(body)
        return self.read(body) if request is None else request


ENDPOINTS = {
    "/forecast": Endpoint("forecast", read_series, read_many_series),
    "/classify": Endpoint("classify", read_images, read_many_images),
    "/next-word": Endpoint("next-word", read_contexts),
}


class FastPath:
    """Wrap ``app``, which is the full path: answer here what is plain."""

    def __init__(self, app: App, *, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what has no fast path passes through."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        endpoint = ENDPOINTS.get(path)
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        metrics = self.service.request_metrics
        if record := current_record.get():
            record.route = path
        if is_plain_json(scope["headers"]):
            body = await read_body(receive)
            payload = await self._answer(endpoint, body, receive)
            if payload is not None:
                metrics.paths[path, "fast"] += 1
                await send_json(send, payload)
                return
            receive = Replay(body, receive).receive
        metrics.paths[path, "full"] += 1
        await self.app(scope, receive, send)

    async def _answer(self, endpoint: Endpoint, body: bytes, receive: Receive) -> Payload | None:
        off_loop = self.service.off_loop
        if off_loop.takes(len(body)):
            request = await off_loop.run(len(body), lambda: endpoint.read_large(body))
        else:
            request = endpoint.read(body)
        if request is None:
            return None
        try:
            model = self.service.registry.find(endpoint.task, request.model, request.version)
            return await unless_gone(receive, model.answer(request))
        except (
            InvalidInput,
            ModelNotFound,
            NotOffered,
        ):  # nothing was computed: the full path says it better
            return None


def is_plain_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the head of a request lets its body be JSON as it is."""
    for name, value in headers:
        if name == b"content-encoding":
            return False
        if name == b"content-type" and not is_json(value):
            return False
    return True


def is_json(media: bytes) -> bool:
    """Whether a content-type is that of JSON, whatever its parameters."""
    return media == JSON or media.partition(b";")[0].strip().lower() == JSON


def json_bytes(payload: Payload) -> bytes:
    """The body of an answer."""
    return orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)


async def send_json(send: Send, payload: Payload) -> None:
    """Answer with ``payload``."""
    body = json_bytes(payload)
    headers = [HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
