"""How many requests the load generator itself can send: against a server that only says yes."""

import asyncio
import multiprocessing
import socket
from multiprocessing.connection import Connection

import uvloop

from benchmarks.load.caller import Target
from benchmarks.load.closed_loop import measure

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Yes(asyncio.Protocol):
    """Answers each request of a known length."""

    def __init__(self, request_bytes: int) -> None:
        self._request_bytes = request_bytes
        self._seen = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Count, and say yes when a request is whole."""
        self._seen += len(data)
        if self._seen >= self._request_bytes:
            self._seen -= self._request_bytes
            self._transport.write(YES)


async def generator_limit(request: bytes, seconds: float) -> float:
    """Requests a second over 64 connections."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=_say_yes, args=(there, len(request)), daemon=True
    )
    server.start()
    try:
        port = await asyncio.to_thread(here.recv)
        target = Target("127.0.0.1", port)
        return (await measure(target, request, connections=64, seconds=seconds)).per_s
    finally:
        server.terminate()
        server.join()


def _say_yes(pipe: Connection, request_bytes: int) -> None:
    async def serve() -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Yes(request_bytes), sock=listener)
        pipe.send(listener.getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())
