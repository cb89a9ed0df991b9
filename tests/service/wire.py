"""The application behind real sockets in this process, with uvicorn's protocol as we extend it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from service.asgi import Receive, Scope, Send
from service.connection import Connection
from service.direct import DirectPath, direct_path
from service.door import Door
from service.front.front import Front, Patience, Rim
from service.lifecycle import Service
from service.parsed_connection import ParsedConnection
from service.settings import Settings
from service.worker_server import GUARDED
from tests.service.direct import Answered
from tests.service.harness import serving

PATIENCE_S = 20
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wired:
    """Where to connect to, and what is behind it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.service: Service = app.state.service
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]
        self.port = 0
        self.handed_over = 0
        self.fed: list[bytes] = []
        self.made: list[ParsedConnection] = []
        self.front: Front | None = None
        self.strangers: list[bytes] = []
        self.lost = 0
        count = self.service.request_metrics.count
        self.door = Door(GUARDED, default_timeout_s=30, count=count)

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what reaches the application."""
        self.handed_over += 1
        await self.app(scope, receive, send)

    def taken(self, path: str) -> int:
        """How many were answered without the full path."""
        return self.service.request_metrics.paths[path, "fast"]

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *pieces: bytes) -> Answered:
        """The answer to one request, sent in pieces that arrive one by one."""
        reader, writer = await self.connect()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        answered = await read_answer(reader)
        writer.close()
        return answered


def fronted(
    place: Wired, make: Callable[[bytes], ParsedConnection], patience_s: float
) -> tuple[Front, socket.socket]:
    """A front, and a socket whose connections it gets first."""
    loop = asyncio.get_running_loop()
    path = direct_path(place.service)
    assert path is not None
    tasks: set[asyncio.Task[Any]] = set()

    def stranger(fd: int, received: bytes) -> None:
        connection = socket.socket(fileno=fd)
        place.strangers.append(received)
        task = loop.create_task(loop.connect_accepted_socket(lambda: make(received), connection))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def lost(connections: int) -> None:
        place.lost += connections

    rim = Rim(stranger, lost, lambda: place.state.default_headers)
    front = Front(place.service, path, place.door, rim, Patience(patience_s, patience_s))
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.setblocking(False)

    def accept() -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = listener.accept()
            connection.setblocking(False)
            front.adopt(connection)

    loop.add_reader(listener, accept)
    return front, listener


@asynccontextmanager
async def wired(
    app: FastAPI,
    protocol: type[ParsedConnection] = Connection,
    *,
    with_front: bool = False,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[Wired]:
    place = Wired(app)
    config = uvicorn.Config(
        place.application,
        interface="asgi3",
        http=protocol,
        ws="none",
        log_config=None,
        proxy_headers=False,
    )
    config.load()
    path: DirectPath | None = direct_path(place.service)

    def connection(received: bytes = b"") -> ParsedConnection:
        made = protocol(
            config=config,
            server_state=place.state,
            app_state={},
            receive_timeout_s=PATIENCE_S,
            door=place.door,
            direct_path=path,
            on_lost=lambda: None,
            received=received,
        )
        place.made.append(made)
        return made

    if with_front:
        place.front, listener = fronted(place, connection, patience_s)
        place.port = listener.getsockname()[1]
        yield place
        asyncio.get_running_loop().remove_reader(listener)
        listener.close()
        if place.front:
            await place.front.stop(1.0)
    else:
        server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
        place.port = server.sockets[0].getsockname()[1]
        async with server:
            yield place
            abort_all(place)
    abort_all(place)


def abort_all(place: Wired) -> None:
    for each in [*place.state.connections]:
        each.transport.abort()


@asynccontextmanager
async def served(
    repository: Path,
    *,
    with_front: bool = False,
    patience_s: float = PATIENCE_S,
    **values: object,
) -> AsyncIterator[Wired]:
    """The service with settings of one's own, behind sockets."""
    chosen = {"repository": repository, "warmup_max_s": 0, **values}
    async with (
        serving(Settings.model_validate(chosen)) as app,
        wired(app, with_front=with_front, patience_s=patience_s) as wire,
    ):
        yield wire


def post(
    path: str, body: bytes, *headers: str, version: str = "1.1", declared: int | None = None
) -> bytes:
    length = len(body) if declared is None else declared
    lines = [f"POST {path} HTTP/{version}", "Host: x", *headers, f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    async with asyncio.timeout(PATIENCE_S):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).splitlines()[:-1]
        headers = dict(line.split(b": ", 1) for line in lines)
        assert len(headers) == len(lines)  # none twice
        body = await reader.readexactly(int(headers[b"content-length"]))
    return Answered(int(first.split()[1]), headers, body)


@dataclass(frozen=True)
class Plain:
    """A request that goes the direct way."""

    path: str
    body: bytes


PLAIN: Sequence[Plain] = (
    Plain("/classify", orjson.dumps({"images": [[51] * 28] * 28})),
    Plain("/forecast", orjson.dumps({"series": [1, 2, 3], "horizon": 2})),
    Plain("/next-word", orjson.dumps({"contexts": "aa"})),
)
