"""Batching for one model: rows of concurrent requests share forward passes.

1. Work-conserving: an idle model runs what is there at once, a busy one lets the batch grow. There
   is no wait timer; while sockets bring rows they are read first.
2. Limits count rows and padded cells. Larger requests are split, and their answers joined.
3. Alone = in a batch: only rows of one method and one length bucket share a pass.
4. Nobody is harmed by a neighbour: a failed batch is bisected until only the culprit fails.
5. A caller may leave at any moment: rows that nobody waits for are dropped before compute. A
   deadline bounds queue and compute.
6. The queue is bounded: what would be answered too late, or is too much, is refused at once.
7. Where a pass runs is measured: a quick one on the event loop, a longer one on the model's thread.
"""

import asyncio
from functools import partial
from time import perf_counter

from service.batch import Answer, BatchLimits, Done, settle
from service.batch_admission import Admission
from service.batch_deadlines import Deadlines
from service.batch_gathering import Gathering
from service.batch_pass import Computed, Pass
from service.batch_queue import BatchQueue
from service.batch_request import Lane, Part, PendingRequest
from service.batch_stats import BatchStats
from service.errors import DeadlineExceeded, ServiceError, ServiceStopping
from service.loop_turns import LoopTurns
from service.model_thread import Worker
from service.rows import Padding, Rows, Run

# Passes predicted to take less run on the event loop (docs/decisions/0012-batching.md).
LOOP_PASS_S = 0.002


class Batcher:
    """Batch the rows of concurrent requests for one model.

    ``run`` is called on ``worker``, or on the event loop where ``turns`` are given and it is quick,
    one batch at a time. Everything else happens on the event loop, so there are no locks.

    Raises from ``submit`` and ``submit_nowait``:
        ServiceOverloaded: too many rows wait, or the answer would come after the deadline.
        ServiceStopping: the batcher closed before the request was answered.
        DeadlineExceeded: the answer was not there in time.
        PredictError: ``run`` failed on the rows of this request.
        BatchContractBroken: ``run`` returned another number of rows than it was given.
    """

    def __init__(
        self,
        run: Run,
        *,
        worker: Worker,
        limits: BatchLimits,
        padding: Padding | None = None,
        turns: LoopTurns | None = None,
    ) -> None:
        self.stats = BatchStats()
        self._run = run
        self._worker = worker
        self._padding = padding
        self._turns = turns
        self._side = padding.side if padding else "left"
        self._loop = asyncio.get_running_loop()
        self._queue = BatchQueue(limits, self.stats)
        self._admission = Admission(self._queue, limits)
        self._deadlines = Deadlines(self._expire)
        self._gathering = Gathering()
        self._requests: set[PendingRequest] = set()
        self._running: Pass | None = None
        self._awake = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting_rows(self) -> int:
        """Rows that wait for a pass now."""
        return self._queue.rows

    def lane(self, method: str, bucket: int) -> Lane:
        """Passes of a kind, to be told what was measured before the first request."""
        return self._queue.lane(method, bucket)

    def room(self, method: str, bucket: int) -> int:
        """Rows of a kind that share a pass."""
        return self._queue.room(method, bucket)

    def lanes(self) -> list[Lane]:
        """All kinds of passes that there are so far."""
        return [*self._queue.lanes.values()]

    async def submit(self, rows: Rows, *, deadline_s: float | None = None) -> Answer:
        """Answer ``rows``; the outputs are in the same order, whatever passes they rode in.

        ``deadline_s``, on the clock of ``time.perf_counter``, bounds queue and compute: when it
        passes the caller is told at once, even while the model computes.
        """
        answer: asyncio.Future[Answer] = self._loop.create_future()
        request = self.submit_nowait(rows, partial(settle, answer), deadline_s=deadline_s)
        try:
            return await answer
        finally:
            request.leave()

    def submit_nowait(
        self, rows: Rows, done: Done, *, deadline_s: float | None = None, callers: int = 1
    ) -> PendingRequest:
        """As ``submit``, for callers without a task: ``done`` gets the answer, or the error.

        It is called once, on the event loop, never before this returns; not at all if the caller
        says ``leave()`` on what is returned. Refusals are raised at once. ``callers`` ask together.
        """
        if self._closed:
            raise ServiceStopping("the service is stopping")
        if not len(rows):
            raise ValueError("a request needs at least one row")
        now_s = perf_counter()
        pieces = self._queue.split(rows)
        try:
            self._admission.check(pieces, now_s, deadline_s, self._running)
        except ServiceError:
            self.stats.refused_requests += callers
            raise
        request = PendingRequest(rows, done, self._forget, now_s, self._side)
        request.callers = callers
        self._requests.add(request)
        for lane, selection in pieces:
            self._queue.append(lane, request, selection)
        if deadline_s is not None:
            request.deadline_s = deadline_s
            self._deadlines.add(request, deadline_s, waiting=len(self._requests))
        if not self._awake:
            self._wake()
        return request

    def withdraw(self, request: PendingRequest, start: int, stop: int) -> None:
        """One of several callers of ``request`` left: his rows are not computed if they wait."""
        request.callers -= 1
        self._queue.withdraw(request, start, stop)

    async def close(self, *, patience_s: float) -> None:
        """Refuse new rows, finish what was accepted, and answer everybody who still waits.

        What is not finished after ``patience_s`` seconds gets ``ServiceStopping``.
        """
        self._closed = True
        try:
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
        except TimeoutError:
            for request in [*self._requests]:
                request.fail(ServiceStopping("the service stopped before it came to this request"))
        self._deadlines.close()
        self._worker.close()

    def _forget(self, request: PendingRequest) -> None:
        self._requests.discard(request)
        if request.parts:
            self._queue.forget(request)

    def _expire_all(self, parts: list[Part]) -> None:
        for part in parts:
            if not part.request.gone:
                self._expire(part.request)

    def _expire(self, request: PendingRequest) -> None:
        self.stats.expired_requests += request.callers
        request.fail(
            DeadlineExceeded("the answer was not ready before the deadline of the request")
        )

    def _wake(self) -> None:
        """Start at the end of this turn of the loop, so that all that came with it rides along."""
        self._awake = True
        self._idle.clear()
        self._loop.call_soon(self._start_next)

    def _start_next(self) -> None:
        lane = self._queue.next_lane()
        if lane is None:
            self._awake = False
            self._idle.set()
        elif self._gathering.goes_on(lane.rows, lane.room):
            self._loop.call_soon(self._start_next)
        elif self._turns is not None and self._quick(lane, min(lane.rows, lane.room)):
            self._turns.take(self._start_on_loop)
        else:
            self._start_on_worker(self._next_pass(lane))

    def _quick(self, lane: Lane, rows: int) -> bool:
        return lane.compute.known and lane.compute.of(rows) <= LOOP_PASS_S

    def _next_pass(self, lane: Lane) -> Pass:
        started_s = perf_counter()
        parts, late = self._queue.take(lane, started_s)
        if late:
            self._loop.call_soon(self._expire_all, late)
        for part in parts:
            part.request.started_s = part.request.started_s or started_s
        self._running = Pass(lane, parts, self._run, self._padding, started_s)
        return self._running

    def _start_on_worker(self, batch: Pass) -> None:
        self._worker.start(batch.compute, partial(self._finish, batch))

    def _start_on_loop(self) -> None:
        """When the turn of this model comes; more may wait by then, or less."""
        lane = self._queue.next_lane()
        if lane is None:
            self._start_next()
            return
        batch = self._next_pass(lane)
        if not self._quick(lane, batch.rows):
            self._start_on_worker(batch)
            return
        self.stats.loop_batches += 1
        self._learn(batch, computed := batch.compute())
        self._hand_out(batch, computed)
        self._loop.call_soon(self._start_next)

    def _finish(self, batch: Pass, outcome: Computed | BaseException) -> None:
        computed = outcome if isinstance(outcome, Computed) else batch.failed(outcome)
        self._learn(batch, computed)
        try:
            self._start_next()  # first: the model shall not idle while answers are handed out
        finally:
            self._hand_out(batch, computed)

    def _learn(self, batch: Pass, computed: Computed) -> None:
        self._running = None
        batch.predict_s = perf_counter() - batch.started_s
        self.stats.add_batch([part.selection for part in batch.parts], batch.predict_s)
        if computed.compute_s is None:
            self.stats.failed_batches += 1
        else:
            batch.lane.cycle.add(batch.rows, batch.predict_s)
            batch.lane.compute.add(batch.rows, computed.compute_s)

    def _hand_out(self, batch: Pass, computed: Computed) -> None:
        for part, result in zip(batch.parts, computed.results, strict=True):
            request = part.request
            request.batch_rows = max(request.batch_rows, batch.rows)
            request.predict_s += batch.predict_s
            try:
                if isinstance(result, BaseException):
                    request.fail(result)
                elif request.deliver(part.selection, result):
                    self._count(request)
            except Exception as error:  # noqa: BLE001 - a caller's mistake is not its neighbours'
                self._loop.call_exception_handler(
                    {"message": "a caller failed", "exception": error}
                )

    def _count(self, request: PendingRequest) -> None:
        self.stats.requests += request.callers
        self.stats.queue_s += request.callers * (request.started_s - request.submitted_s)
