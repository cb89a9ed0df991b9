"""Who may queue: predicted finish against deadline, bounded rows, and when to come again."""

import math

from service.batch import BatchLimits
from service.batch_pass import Pass
from service.batch_queue import BatchQueue, Pieces
from service.errors import DeadlineExceeded, ServiceOverloaded

# An answer must be predicted to come this much sooner than the deadline. Without it the queue grows
# until every answer is due at its deadline, and any pass that takes longer makes all of them late.
SAFETY = 1.3
# Longest advice in a Retry-After: beyond that the past says little.
MAX_RETRY_AFTER_S = 30


class Admission:
    """Refuses at once what would be too late or too much, with an honest time to come again.

    Everybody who is refused books the time that the answer will take, so those who come back when
    they were told find room, instead of meeting all others who were told the same.
    """

    def __init__(self, queue: BatchQueue, limits: BatchLimits) -> None:
        self._queue = queue
        self._limits = limits
        self._booked_s = 0.0

    def check(
        self, pieces: Pieces, now_s: float, deadline_s: float | None, running: Pass | None
    ) -> None:
        """Let the request pass, or raise; an idle model takes whatever is not too late already.

        Raises:
            DeadlineExceeded: the deadline has passed.
            ServiceOverloaded: the queue is full, or the answer would come after the deadline.
        """
        if deadline_s is not None and deadline_s <= now_s:
            raise DeadlineExceeded("the deadline of the request had passed when it arrived")
        if running is None and not self._queue.rows:
            return  # also what keeps a wrong prediction from shutting everybody out
        n_rows = sum([part.size for _, part in pieces])
        over = self._queue.rows + n_rows - self._limits.max_queued_rows
        if self._queue.rows and over > 0:
            wait_s = self._backlog_s(now_s, running) * min(1.0, over / self._queue.rows)
            raise self._refusal(pieces, now_s, wait_s, self._full())
        if deadline_s is None:
            return
        late_s = now_s + SAFETY * self._wait_s(pieces, now_s, running) - deadline_s
        if late_s > 0:
            raise self._refusal(pieces, now_s, late_s / SAFETY, self._late(late_s))

    def _wait_s(self, pieces: Pieces, now_s: float, running: Pass | None) -> float:
        """Seconds until the request would be answered, if it queued now."""
        seconds = self._rest_s(now_s, running)
        giant = False
        for lane, part in pieces:
            giant = giant or part.size > lane.room
            seconds += lane.cycle.of_many(part.size + lane.ahead, lane.room)
            seconds -= lane.cycle.of_many(lane.ahead, lane.room)
        for lane in self._queue.lanes.values():
            if rows := lane.rows if giant else lane.ahead:
                seconds += lane.cycle.of_many(rows, lane.room)
        return seconds

    def _backlog_s(self, now_s: float, running: Pass | None) -> float:
        """Seconds until all that waits now is computed."""
        lanes = self._queue.lanes.values()
        waiting_s = sum(lane.cycle.of_many(lane.rows, lane.room) for lane in lanes)
        return self._rest_s(now_s, running) + waiting_s

    def _rest_s(self, now_s: float, running: Pass | None) -> float:
        """What the running pass still takes; one that overruns may take as long again."""
        if running is None:
            return 0.0
        return abs(running.started_s + running.lane.cycle.of(running.rows) - now_s)

    def _refusal(
        self, pieces: Pieces, now_s: float, wait_s: float, detail: str
    ) -> ServiceOverloaded:
        own_s = sum(lane.cycle.of(lane.room) / lane.room * part.size for lane, part in pieces)
        self._booked_s = max(self._booked_s, now_s) + own_s
        seconds = max(wait_s, self._booked_s - now_s)
        return ServiceOverloaded(
            detail, retry_after_s=min(MAX_RETRY_AFTER_S, max(1, math.ceil(seconds)))
        )

    def _full(self) -> str:
        waiting, limit = self._queue.rows, self._limits.max_queued_rows
        return f"{waiting} rows are waiting already, at most {limit} may"

    def _late(self, late_s: float) -> str:
        return (
            f"{self._queue.rows} rows are waiting: for an answer that is sure to be in time, the "
            f"deadline would have to be {late_s * 1000:.0f} ms later"
        )
