"""Batching for one model: rows of concurrent requests share forward passes.

1. Work-conserving: an idle model runs what is there at once, a busy one lets the batch grow. No
   timers.
2. Limits count rows and padded cells. Larger requests are split, and their answers joined.
3. Alone = in a batch: only rows of one length bucket share a pass.
4. Nobody is harmed by a neighbour: a failed batch is bisected until only the culprit fails.
5. A caller may leave at any moment: rows that nobody waits for are dropped before compute.
"""

import asyncio
import math
from collections import deque
from time import perf_counter

from service.batch import Answer, BatchLimits, Outcome, Part, PendingRequest, shares
from service.batch_stats import BatchStats
from service.errors import DeadlineExceeded, PredictError, ServiceOverloaded, ServiceStopping
from service.model_thread import Worker
from service.rows import Padding, Rows, Run, Selection, by_bucket, collate

# Only rows of one method and one length bucket share a pass.
Kind = tuple[str, int]


class Batcher:
    """Batch the rows of concurrent requests for one model.

    ``run`` is called on ``worker``, one batch at a time. Everything else happens on the event
    loop, so there are no locks.

    Raises from ``submit``:
        ServiceOverloaded: more than ``max_queued_rows`` rows would be waiting.
        ServiceStopping: the batcher closed before the request was answered.
        DeadlineExceeded: the answer was not there in time.
        PredictError: ``run`` failed on the rows of this request.
        BatchContractBroken: ``run`` returned another number of rows than it was given.
    """

    def __init__(
        self, run: Run, *, worker: Worker, limits: BatchLimits, padding: Padding | None = None
    ) -> None:
        self.stats = BatchStats()
        self.waiting_rows = 0
        self._run = run
        self._worker = worker
        self._limits = limits
        self._padding = padding
        self._queues: dict[Kind, deque[Part]] = {}
        self._requests: set[PendingRequest] = set()
        self._turns = 0
        self._busy = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def submit(self, rows: Rows, *, deadline_s: float | None = None) -> Answer:
        """Answer ``rows``; the outputs are in the same order, whatever passes they rode in.

        ``deadline_s``, on the clock of ``time.perf_counter``, bounds queue and compute: when it
        passes the caller is told at once, even while the model computes.
        """
        self._refuse_if_closed()
        self._refuse_if_full(len(rows))
        request = self._enqueue(rows)
        self._wake()
        timer = self._expire_at(request, deadline_s) if deadline_s is not None else None
        try:
            answer = await request.answer
        finally:
            self._forget(request)
            if timer is not None:
                timer.cancel()
        self.stats.requests += 1
        self.stats.queue_s += answer.queue_s
        return answer

    async def close(self, *, patience_s: float) -> None:
        """Refuse new rows, finish what was accepted, and answer everybody who still waits.

        What is not finished after ``patience_s`` seconds gets ``ServiceStopping``.
        """
        self._closed = True
        try:
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
        except TimeoutError:
            for request in self._requests:
                request.fail(ServiceStopping("the service stopped before it came to this request"))
        self._worker.close()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ServiceStopping("the service is stopping")

    def _refuse_if_full(self, n_rows: int) -> None:
        """Refuse what the queue cannot hold; into an empty one goes even what is larger than it."""
        limit = self._limits.max_queued_rows
        if self.waiting_rows and self.waiting_rows + n_rows > limit:
            raise ServiceOverloaded(
                f"{self.waiting_rows} rows are waiting already, at most {limit} may",
                retry_after_s=max(1, math.ceil(self.waiting_rows * self.stats.row_s)),
            )

    def _expire_at(self, request: PendingRequest, deadline_s: float) -> asyncio.TimerHandle:
        error = DeadlineExceeded("the answer was not ready before the deadline of the request")
        seconds = max(0.0, deadline_s - perf_counter())
        return asyncio.get_running_loop().call_later(seconds, request.fail, error)

    def _enqueue(self, rows: Rows) -> PendingRequest:
        if not len(rows):
            raise ValueError("a request needs at least one row")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = PendingRequest(rows, answer, perf_counter(), len(rows), len(rows))
        request.side = self._padding.side if self._padding else "left"
        self._requests.add(request)
        self.waiting_rows += len(rows)
        for bucket, selection in by_bucket(rows):
            self._append((rows.method, bucket), request, selection)
        return request

    def _append(self, kind: Kind, request: PendingRequest, selection: Selection) -> None:
        self._turns += 1
        part = Part(request, selection, self._turns)
        self._queues.setdefault(kind, deque()).append(part)

    def _forget(self, request: PendingRequest) -> None:
        """Rows that still wait are for nobody now: they no longer count, and drop out in turn."""
        self._requests.discard(request)
        self.waiting_rows -= request.waiting_rows
        request.waiting_rows = 0

    def _wake(self) -> None:
        """Start at the end of this turn of the loop, so that all that came with it rides along."""
        self._idle.clear()
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._start_next)

    def _start_next(self) -> None:
        batch = self._next_batch()
        if not batch:
            self._busy = False
            self._idle.set()
            return
        started_s = perf_counter()
        for part in batch:
            part.request.started_s = part.request.started_s or started_s
        self._worker.start(
            lambda: self._compute(batch), lambda outcomes: self._finish(batch, started_s, outcomes)
        )

    def _next_batch(self) -> list[Part]:
        """The part that waits longest and what may ride with it; empty if nobody waits."""
        while self._queues:
            kind = min(self._queues, key=self._turn_of)
            batch = self._fill(kind)
            if not self._queues[kind]:
                del self._queues[kind]
            if batch:
                return batch
        return []

    def _turn_of(self, kind: Kind) -> int:
        return self._queues[kind][0].turn

    def _fill(self, kind: Kind) -> list[Part]:
        queue = self._queues[kind]
        room = self._limits.rows_of(kind[1])
        batch: list[Part] = []
        while queue and room:
            part = queue.popleft()
            if part.request.gone():
                self.stats.dropped_rows += part.selection.size
                continue
            taken = self._cut(kind, part, room)
            room -= taken.selection.size
            batch.append(taken)
        return batch

    def _cut(self, kind: Kind, part: Part, room: int) -> Part:
        """Take what fits; the rest queues again at the back, so a giant delays nobody twice."""
        taken = part
        if part.selection.size > room:
            head, tail = part.selection.split(room)
            taken = Part(part.request, head, part.turn)
            self._append(kind, part.request, tail)
        part.request.waiting_rows -= taken.selection.size
        self.waiting_rows -= taken.selection.size
        return taken

    def _compute(self, batch: list[Part]) -> list[Outcome]:
        """On the worker: one pass; if it fails, one for each half of the batch, and so on."""
        try:
            inputs = collate([part.selection for part in batch], self._padding)
            return shares(batch, self._run(inputs, batch[0].request.rows.method))
        except Exception as error:  # noqa: BLE001 - whatever a model raises, only the culprit gets it
            if len(batch) == 1:
                return [Outcome(batch[0], error)]
        half = len(batch) // 2
        return self._compute(batch[:half]) + self._compute(batch[half:])

    def _finish(
        self, batch: list[Part], started_s: float, outcomes: list[Outcome] | BaseException
    ) -> None:
        predict_s = perf_counter() - started_s
        self._count(batch, predict_s)
        try:
            self._start_next()  # first: the model shall not idle while answers are handed out
        finally:
            if isinstance(outcomes, BaseException):
                outcomes = [Outcome(part, PredictError(repr(outcomes))) for part in batch]
            for outcome in outcomes:
                _hand_out(outcome)

    def _count(self, batch: list[Part], predict_s: float) -> None:
        rows = self.stats.add_batch([part.selection for part in batch], predict_s)
        for part in batch:
            part.request.batch_rows = max(part.request.batch_rows, rows)
            part.request.predict_s += predict_s


def _hand_out(outcome: Outcome) -> None:
    if isinstance(outcome.result, Exception):
        outcome.part.request.fail(outcome.result)
    else:
        outcome.part.request.deliver(outcome.part.selection, outcome.result)
