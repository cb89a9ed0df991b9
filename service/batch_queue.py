"""What waits for a model: parts of requests in lanes, one for every kind of pass."""

from service.batch import BatchLimits
from service.batch_request import Lane, Part, PendingRequest
from service.batch_stats import BatchStats
from service.rows import Rows, Selection, by_bucket

Pieces = list[tuple[Lane, Selection]]


class BatchQueue:
    """Lanes of parts; the lane with the part that waits longest comes next."""

    def __init__(self, limits: BatchLimits, stats: BatchStats) -> None:
        self.rows = 0
        self.lanes: dict[tuple[str, int], Lane] = {}
        self._limits = limits
        self._stats = stats
        self._turns = 0

    def lane(self, method: str, bucket: int) -> Lane:
        """The lane of a kind of pass; it is there from its first use on."""
        lane = self.lanes.get((method, bucket))
        if lane is None:
            lane = Lane(method, bucket, self._limits.rows_of(bucket))
            self.lanes[method, bucket] = lane
        return lane

    def room(self, method: str, bucket: int) -> int:
        """Rows of a kind of pass that share one, whether or not there has been any."""
        lane = self.lanes.get((method, bucket))
        return lane.room if lane else self._limits.rows_of(bucket)

    def split(self, rows: Rows) -> Pieces:
        """The lanes that the rows of a request belong into."""
        return [(self.lane(rows.method, bucket), part) for bucket, part in by_bucket(rows)]

    def append(self, lane: Lane, request: PendingRequest, selection: Selection) -> None:
        """Queue rows at the end of their lane."""
        self._turns += 1
        part = Part(request, selection, self._turns, lane)
        lane.parts.append(part)
        request.parts.append(part)
        lane.count(selection.size, 1)
        self.rows += selection.size

    def forget(self, request: PendingRequest) -> None:
        """What still waits is for nobody now: it no longer counts, and drops out in turn."""
        for part in request.parts:
            part.lane.count(part.selection.size, -1)
            self.rows -= part.selection.size
        request.parts.clear()

    def withdraw(self, request: PendingRequest, start: int, stop: int) -> None:
        """Of several who ask together one left: rows of his that still wait are not computed.

        A part that would be left without any row is computed as it is.
        """
        for part in request.parts:
            kept = part.selection.without(start, stop)
            left = part.selection.size - kept.size
            if left and kept.size:
                part.lane.count(part.selection.size, -1)
                part.lane.count(kept.size, 1)
                part.selection = kept
                request.missing_rows -= left
                self.rows -= left
                self._stats.dropped_rows += left

    def next_lane(self) -> Lane | None:
        """The lane of the part that waits longest; None if nobody waits."""
        while lanes := [lane for lane in self.lanes.values() if lane.parts]:
            lane = min(lanes, key=_turn) if len(lanes) > 1 else lanes[0]
            if not lane.parts[0].request.gone:
                return lane
            self._drop(lane.parts.popleft())
        return None

    def take(self, lane: Lane, now_s: float) -> tuple[list[Part], list[Part]]:
        """The oldest parts of the lane that fit into a pass, and those that it is too late for.

        Under overload the oldest are just about to expire; to compute them would be in vain, and
        make the next ones late in turn. If a full pass is too late for all, the youngest go in a
        smaller one, at least one of them: what is predicted may be wrong.
        """
        end_s = now_s + lane.cycle.cautious(min(lane.rows, lane.room))
        room = lane.room
        batch: list[Part] = []
        late: list[Part] = []
        while lane.parts and room:
            part = lane.parts.popleft()
            if part.request.gone:
                self._drop(part)
            elif part.request.deadline_s < end_s:
                late.append(part)
            else:
                batch.append(self._take(lane, part, room))
                room -= batch[-1].selection.size
        return batch or self._youngest(lane, late, now_s), late

    def _youngest(self, lane: Lane, late: list[Part], now_s: float) -> list[Part]:
        """Remove from ``late`` and take what a smaller pass still answers in time."""
        batch: list[Part] = []
        rows = 0
        while late:
            rows += late[-1].selection.size
            in_time = now_s + lane.cycle.cautious(rows) <= late[-1].request.deadline_s
            if batch and (rows > lane.room or not in_time):
                break
            batch.append(self._take(lane, late.pop(), lane.room))
        return batch

    def _drop(self, part: Part) -> None:
        self._stats.dropped_rows += part.selection.size

    def _take(self, lane: Lane, part: Part, room: int) -> Part:
        """Take what fits; the rest queues again at the back, so a giant delays nobody twice."""
        part.request.parts.remove(part)
        lane.count(part.selection.size, -1)
        self.rows -= part.selection.size
        if part.selection.size <= room:
            return part
        head, tail = part.selection.split(room)
        self.append(lane, part.request, tail)
        return Part(part.request, head, part.turn, lane)


def _turn(lane: Lane) -> int:
    return lane.parts[0].turn
