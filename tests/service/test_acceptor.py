"""Several workers on one socket share its connections, here all on one event loop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from service.acceptor import Acceptor
from service.board import Board, State

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


class Silent(asyncio.Protocol):
    """Says nothing; tells when its connection ended."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost

    def connection_lost(self, _: Exception | None) -> None:
        self._on_lost()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener


def accept(listener: socket.socket, board: Board, index: int, most: int = 1000) -> Acceptor:
    acceptor = Acceptor(listener, lambda _: Silent(acceptor.lost), board, index, most)
    acceptor.start()
    return acceptor


@asynccontextmanager
async def accepting(listener: socket.socket, states: list[State]) -> AsyncIterator[Board]:
    board = Board.shared(len(states))
    acceptors: list[Acceptor] = []
    for index, state in enumerate(states):
        board.slots[index].state = state
        acceptors.append(accept(listener.dup(), board, index))
    try:
        yield board
    finally:
        for acceptor in acceptors:
            acceptor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - there is no event for this
            await asyncio.sleep(0.005)


async def connect(listener: socket.socket, n_clients: int) -> list[asyncio.StreamWriter]:
    host, port = listener.getsockname()
    pairs = [asyncio.open_connection(host, port) for _ in range(n_clients)]
    return [writer for _, writer in await asyncio.gather(*pairs)]


def connections(board: Board) -> list[int]:
    return [slot.connections for slot in board.slots]


@pytest.mark.parametrize(("n_clients", "most"), [(8, 5), (64, 36)])
async def test_connections_are_shared_evenly(
    listener: socket.socket, n_clients: int, most: int
) -> None:
    async with accepting(listener, [State.READY, State.READY]) as board:
        clients = await connect(listener, n_clients)
        await until(lambda: sum(connections(board)) == n_clients)
        assert max(connections(board)) <= most

        for client in clients:
            client.close()
        await until(lambda: connections(board) == [0, 0])


async def test_who_is_not_ready_leaves_them_to_who_is(listener: socket.socket) -> None:
    async with accepting(listener, [State.LOADING, State.READY]) as board:
        clients = await connect(listener, 40)
        await until(lambda: sum(connections(board)) == 40)

        assert connections(board) == [0, 40]
        for client in clients:
            client.close()


async def test_while_nobody_is_ready_somebody_answers(listener: socket.socket) -> None:
    async with accepting(listener, [State.LOADING, State.LOADING]) as board:
        (client,) = await connect(listener, 1)
        await until(lambda: sum(connections(board)) == 1)
        client.close()


async def test_a_worker_that_does_not_take_its_share_holds_up_nobody(
    listener: socket.socket,
) -> None:
    board = Board.shared(2)
    for slot in board.slots:
        slot.state = State.READY  # the second one says so, but is stuck
    acceptor = accept(listener.dup(), board, 0)
    clients = await connect(listener, 40)
    await until(lambda: connections(board) == [40, 0])
    for client in clients:
        client.close()
    acceptor.stop()


async def test_beyond_the_most_connections_further_ones_wait(listener: socket.socket) -> None:
    board = Board.alone()
    acceptor = accept(listener.dup(), board, 0, most=3)
    clients = await connect(listener, 5)
    await until(lambda: connections(board) == [3])
    await asyncio.sleep(0.02)  # it has had the time to take more
    assert connections(board) == [3]

    for client in clients[:3]:
        client.close()
    await until(lambda: connections(board) == [2])
    for client in clients[3:]:
        client.close()
    acceptor.stop()


async def test_without_descriptors_it_tries_again(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    class Exhausted(socket.socket):
        refusals = 1

        def accept(self) -> tuple[socket.socket, object]:
            if self.refusals:
                self.refusals -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    board = Board.alone()
    acceptor = accept(Exhausted(fileno=listener.dup().detach()), board, 0)
    (client,) = await connect(listener, 1)
    await until(lambda: connections(board) == [1])

    assert "cannot accept connections: Too many open files" in caplog.text
    client.close()
    acceptor.stop()


async def test_after_the_stop_connections_are_refused() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    acceptor = accept(listener, Board.alone(), 0)
    acceptor.stop()

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)
