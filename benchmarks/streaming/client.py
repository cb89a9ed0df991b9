"""A WebSocket client that costs little: it sends frames on a schedule and times the answers.

A library's client takes as much processor time as the server; this one masks its frames beforehand,
and reads no more of an answer than its length.
"""

import asyncio
import base64
import os
import struct
from collections import deque
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
BINARY, CLOSE, PING = 2, 8, 9


class StreamClient(asyncio.Protocol):
    """One signal. ``latencies_s`` grows by one for every answered frame."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._request = UPGRADE.format(
            path=parts.path, host=parts.netloc, key=base64.b64encode(os.urandom(16)).decode()
        ).encode()
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.latencies_s: list[float] = []
        self.unanswered: deque[float] = deque()
        self.closed = False
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP connection
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The server ended it."""
        self.closed = True
        if not self.greeted.done():
            self.greeted.set_exception(ConnectionError("the service refused the stream"))

    def send(self, frame: bytes) -> None:
        """Send a masked frame and remember when."""
        self.unanswered.append(perf_counter())
        self.transport.write(frame)

    def data_received(self, data: bytes) -> None:
        """Take what came apart into frames."""
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self.transport.close()
                return
            self._upgraded = True
            del self._buffer[: end + 4]
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        opcode, length, start = buffer[0] & 15, buffer[1], 2
        if length == 126:
            if len(buffer) < 4:
                return False
            length, start = struct.unpack_from("!H", buffer, 2)[0], 4
        if len(buffer) < start + length:
            return False
        del buffer[: start + length]
        self._handle(opcode)
        return True

    def _handle(self, opcode: int) -> None:
        if not self.greeted.done():
            self.greeted.set_result(None)
        elif opcode in (1, BINARY) and self.unanswered:
            self.latencies_s.append(perf_counter() - self.unanswered.popleft())
        elif opcode == PING:
            self.transport.write(masked(10, b""))


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame; the mask is made up here, once."""
    mask = os.urandom(4)
    key = np.frombuffer((mask * (len(payload) // 4 + 1))[: len(payload)], np.uint8)
    content = (np.frombuffer(payload, np.uint8) ^ key).tobytes()
    length = len(payload)
    size = bytes([128 | length]) if length < 126 else b"\xfe" + struct.pack("!H", length)
    return bytes([128 | opcode]) + size + mask + content
