"""A server that stops tells its WebSockets before it cuts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.asgi import App, Receive, Scope, Send
from service.websocket_protocol import STOPPING, StreamProtocol

pytestmark = pytest.mark.anyio

PATIENCE_S = 20


@asynccontextmanager
async def connected(app: App) -> AsyncIterator[tuple[StreamProtocol, ClientConnection]]:
    config = uvicorn.Config(app, ws=StreamProtocol, log_config=None)
    config.load()
    made: list[StreamProtocol] = []

    def protocol() -> StreamProtocol:
        made.append(StreamProtocol(config=config, server_state=ServerState(), app_state={}))
        return made[0]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"ws://127.0.0.1:{port}/"
    async with asyncio.timeout(PATIENCE_S), server, connect(url, compression=None) as client:
        yield made[0], client


async def farewell(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != STOPPING:
        await send({"type": "websocket.send", "text": message["text"]})
    await send({"type": "websocket.send", "text": "farewell"})
    await send({"type": "websocket.close", "code": 1012, "reason": "bye"})


async def code_of(client: ClientConnection) -> Any:
    try:
        async for _ in client:
            pass
        return client.close_code
    except ConnectionClosed:
        return client.close_code


async def test_the_application_answers_what_it_has_and_closes_by_itself() -> None:
    async with connected(farewell) as (protocol, client):
        await client.send("read before")
        await client.recv()
        protocol.shutdown()

        assert await client.recv() == "farewell"
        assert await code_of(client) == 1012


async def test_a_socket_that_is_closing_already_is_cut() -> None:
    async with connected(farewell) as (protocol, client):
        protocol.shutdown()
        assert await client.recv() == "farewell"
        protocol.shutdown()
        assert await code_of(client) == 1012


async def test_its_end_is_told() -> None:
    lost = asyncio.Event()
    async with connected(farewell) as (protocol, client):
        protocol.on_lost = lost.set
        await client.close()
        await lost.wait()
