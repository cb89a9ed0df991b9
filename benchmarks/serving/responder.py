"""A server that does nothing: any request gets the same short answer, written by uvloop.

It shows how much the load generator could do if servers cost nothing. It looks for the length of
the body and for nothing else.
"""

import asyncio
import sys
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
LENGTH = b"ontent-Length: "


class Responder(asyncio.Protocol):
    """Counts bytes until a request is complete."""

    transport: asyncio.Transport
    missing = 0
    head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer once the body is here; a closed-loop client sends nothing after it."""
        if self.missing == 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            at = self.head.find(LENGTH) + len(LENGTH)
            length = int(self.head[at : self.head.find(b"\r\n", at)])
            self.missing = length - (len(self.head) - end - 4)
            self.head = b""
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.transport.write(ANSWER)


async def serve(port: int) -> None:
    """Listen until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
