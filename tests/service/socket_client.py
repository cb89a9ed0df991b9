"""A WebSocket to the application in this process, below any framework."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import orjson

from service.asgi import App

PATIENCE_S = 20


class Socket:
    """What the client sends and what it gets, message by message."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.gone = False

    async def take(self, message: MutableMapping[str, Any]) -> None:
        """What the application sends; a server raises this error where the client is gone."""
        if self.gone:
            raise OSError
        self.from_app.put_nowait(message)

    def send(self, **message: object) -> None:
        self.send_text(orjson.dumps(message).decode())

    def send_text(self, text: str) -> None:
        self.to_app.put_nowait({"type": "websocket.receive", "text": text})

    def send_samples(self, *samples: float) -> None:
        self.send_bytes(np.array(samples, "<f4").tobytes())

    def send_bytes(self, content: bytes) -> None:
        self.to_app.put_nowait({"type": "websocket.receive", "bytes": content})

    def leave(self, code: int = 1001) -> None:
        self.to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def message(self) -> MutableMapping[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.from_app.get()

    async def answer(self) -> Any:
        """The next text, as JSON."""
        return orjson.loads((await self.message())["text"])

    async def samples(self) -> list[float]:
        """The next binary message."""
        found: list[float] = np.frombuffer((await self.message())["bytes"], "<f4").tolist()
        return found

    async def closed(self) -> tuple[int, str]:
        """The close code and reason, which must come next."""
        message = await self.message()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]


@asynccontextmanager
async def opened(
    app: App, query: str = "", headers: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncIterator[Socket]:
    """An accepted or refused socket; at the end the client is gone and the application done."""
    socket = Socket()
    socket.to_app.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "path": "/transduce/stream",
        "raw_path": b"/transduce/stream",
        "root_path": "",
        "query_string": query.encode(),
        "headers": list(headers),
        "subprotocols": [],
        "scheme": "ws",
        "extensions": {"websocket.http.response": {}},
    }
    running = asyncio.ensure_future(app(scope, socket.to_app.get, socket.take))
    try:
        yield socket
    finally:
        socket.leave()
        async with asyncio.timeout(PATIENCE_S):
            await running
