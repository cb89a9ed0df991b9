"""The front: sockets whose plain requests are read and answered in C, a turn of the loop at a time.

Everything else leaves for uvicorn with its socket and what came on it, for good: other endpoints,
heads that change all the time, bodies that are not plain or come slowly
(docs/decisions/0044-a-front-in-c.md).
"""

import asyncio
import socket
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from models.manifest import FORWARD
from service.compiled_json import images_request, lists_request
from service.direct import DirectPath
from service.door import Door
from service.errors import ServiceError
from service.front import sockets
from service.front.group import Desk, Group
from service.front.heads import BODIES, GRIDS, Heads
from service.known_head import PlainHead
from service.lifecycle import Service
from service.raw_response import Headers
from service.refusal import refusal_parts
from service.request_context import ID_LENGTH, is_sane
from service.request_log import RequestLog

if TYPE_CHECKING:
    from service.front._front import Read

# How often sockets are looked at that say nothing.
SWEEP_S = 1.0
# A request that takes longer than this to arrive is uvicorn's, which has patience.
SLOW_S = 1.0
# More requests than a turn lets in.
MANY = 1000
# Series of up to 2 to this power points share passes.
BUCKETS = 16

Adopt = Callable[[int, bytes], None]


class Rim(NamedTuple):
    """What is around the front: who gets what it cannot answer, and who counts connections."""

    stranger: Adopt
    lost: Callable[[int], None]
    common: Callable[[], Headers]


class Patience(NamedTuple):
    """Seconds until a connection is closed on which nothing came, and after an answer."""

    first_s: float
    kept_s: float


class Front:
    """Serve connections until something comes on them that is not plain. Linux only."""

    def __init__(
        self, service: Service, path: DirectPath, door: Door, rim: Rim, patience: Patience
    ) -> None:
        settings = service.settings
        self._service = service
        self._door = door
        self._rim = rim
        self._patience = patience
        self._heads = Heads(path, door, self._rooms)
        self._sockets = sockets.Sockets(self._learn, path.most_bytes)
        log = RequestLog(wanted=settings.access_log)
        metrics, again = service.request_metrics, self._look_again
        self._desk = Desk(self._sockets, metrics, log, rim.common, again, set())
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sockets.fileno(), self._turn)
        self._timer = self._loop.call_later(SWEEP_S, self._sweep)
        self._stopping = self._closed = False
        self._due = False

    def adopt(self, connection: socket.socket) -> None:
        """Serve a connection from now on.

        Raises:
            OSError: it cannot be watched.
        """
        self._sockets.adopt(connection.fileno())
        connection.detach()

    async def stop(self, patience_s: float) -> None:
        """Close what is idle, answer those who wait, close them, too, and be done."""
        self._stopping = True
        end_s = perf_counter() + patience_s
        while self._sockets.stop() and perf_counter() < end_s:  # noqa: ASYNC110 - asked of C
            await asyncio.sleep(0.01)
        self._timer.cancel()
        self._loop.remove_reader(self._sockets.fileno())
        for group in [*self._desk.groups]:
            group.give_up()
        self._closed = True
        self._sockets.close()

    def _learn(self, data: bytes) -> bool:
        try:
            return self._heads.learn(data, self._sockets)
        except ServiceError:  # not ready, or no such model: the application says it
            return False

    def _rooms(self, task: str) -> list[int]:
        batcher = self._service.registry.find(task).batcher
        return [batcher.room(FORWARD, bucket) for bucket in range(BUCKETS)]

    def _turn(self) -> None:
        """Read what there is, and ask the models about it."""
        came_s = perf_counter()
        self._due = False
        if self._closed:  # this turn was due before
            return
        for number, head in self._heads.known.items():
            room = head.line.room(head.timeout_s)
            self._sockets.admit(number, room, self._refusal(head) if room < MANY else None)
        groups, texts, refused, strangers, gone, left, lost = self._sockets.turn()
        for read in groups:
            self._ask(read, came_s)
        for text in texts:
            self._ask_alone(*text, came_s)
        for head, requests in refused:
            self._count_refused(head, requests, came_s)
        for stranger in strangers:
            self._rim.stranger(*stranger)
        self._count_out(gone, left, came_s)
        if lost:
            self._rim.lost(lost)
        self._look_again()

    def _count_out(self, gone: list[int], left: list[PlainHead], came_s: float) -> None:
        """Clients who left: while they waited, or before their body was there."""
        for handle in gone:
            any(group.lost(handle) for group in [*self._desk.groups])
        for head in left:
            Group(self._desk, head, [0], [0], came_s).lost(0)

    def _look_again(self) -> None:
        """What was sent behind a request that is answered now is announced by no socket."""
        if not self._due and self._sockets.due():
            self._due = True
            self._loop.call_soon(self._turn)

    def _ask(self, read: "Read", came_s: float) -> None:
        head, behind, numbers, lengths, counts, handles, gaps = read
        group = Group(self._desk, head, handles, counts, came_s)
        try:
            if BODIES[head.path][0] == GRIDS:
                request: Any = images_request(numbers, behind)
            else:
                request = lists_request(numbers, lengths, behind=behind, gaps=gaps)
        except (ValueError, TypeError):
            request = None
        self._ask_for(group, head, request, handles)

    def _ask_alone(self, head: PlainHead, handle: int, body: bytes, came_s: float) -> None:
        request = head.endpoint.read(body)
        group = Group(self._desk, head, [handle], [1], came_s)
        self._ask_for(group, head, request, [handle])

    def _ask_for(self, group: Group, head: PlainHead, request: Any, handles: list[int]) -> None:
        try:
            model = self._service.registry.find(head.endpoint.task, request.model, request.version)
            rows = model.rows_of_one_pass(request)
        except Exception:  # noqa: BLE001 - nothing was computed: the application says it better
            rows = None
        if rows is None:
            for handle in handles:
                self._hand_over(handle)
        else:
            group.ask(request, model, rows)

    def _refusal(self, head: PlainHead) -> list[bytes]:
        """The answer where there is no room in this turn, cut where ids belong."""
        retry_after_s = head.line.retry_after_s(0)
        given, kept = head.given_id, not self._stopping
        if is_sane(given):
            return [given.join(refusal_parts(retry_after_s, len(given), keep_alive=kept))]
        return refusal_parts(retry_after_s, ID_LENGTH, keep_alive=kept)

    def _count_refused(self, head: PlainHead, requests: int, came_s: float) -> None:
        head.line.retry_after_s(requests)
        head.line.refused += requests
        self._door.count(head.line.route, 503, perf_counter() - came_s, requests)

    def _hand_over(self, handle: int) -> None:
        stranger = self._sockets.release(handle)
        if stranger:
            self._rim.stranger(*stranger)

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(SWEEP_S, self._sweep)
        for stranger in self._sockets.sweep(*self._patience, SLOW_S):
            self._rim.stranger(*stranger)
