"""Open loop: requests come when they come, whether or not earlier ones were answered.

Latency counts from the moment a request was due, so a service that stalls cannot hide it by
slowing its clients down (no coordinated omission). A request that finds all connections busy opens
another one, as new users would, up to a limit; beyond it waits, and gives up in the end.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import numpy.typing as npt

from benchmarks.load import engine
from benchmarks.load.caller import LOST, Answer, Caller, Target

# Timers of an event loop are this coarse; what is due in between is sent in one go.
TICK_S = 0.001
NEVER_SENT = -1


@dataclass
class Record:
    """Of every request: when it was due (seconds since the start), how long it took, its status."""

    seconds: float
    due_s: list[float] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    connections: int = 0

    def add(self, due_s: float, took_s: float, status: int) -> None:
        """One request that came to its end."""
        self.due_s.append(due_s)
        self.took_s.append(took_s)
        self.statuses.append(status)

    @classmethod
    def of(cls, seconds: float, ended: engine.Ended) -> "Record":
        """What the generator in C found."""
        late_s = ended.late_s[~np.isnan(ended.late_s)]
        due_s, took_s, statuses = (
            ended.due_s.tolist(),
            ended.took_s.tolist(),
            ended.statuses.tolist(),
        )
        return cls(seconds, due_s, took_s, statuses, late_s.tolist(), ended.connections)

    def latencies_ms(self, *statuses: int) -> npt.NDArray[np.float64]:
        """Of the requests that ended with one of these."""
        chosen = np.isin(self.statuses, statuses)
        return np.asarray(self.took_s)[chosen] * 1e3


class OpenLoop:
    """``rate`` requests a second for ``seconds``, at random moments (Poisson)."""

    def __init__(
        self,
        target: Target,
        requests: Sequence[bytes],
        *,
        rate: float,
        seconds: float,
        give_up_s: float,
        most_connections: int = 1000,
    ) -> None:
        random = np.random.default_rng(0)
        gaps = random.exponential(1 / rate, size=round(rate * seconds))
        self._due_s: list[float] = np.cumsum(gaps).tolist()
        self._target = target
        self._requests = requests
        self._give_up_s = give_up_s
        self._most_connections = most_connections
        self._record = Record(seconds)
        self._next = 0
        self._sent = 0
        self._opening = 0
        self._callers: set[Caller] = set()
        # Taken in turns: else those that are answered quickest, with a refusal perhaps, would get
        # everything, and all of it might go to one worker of the service.
        self._idle: deque[Caller] = deque()
        self._queue: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._all_ended = asyncio.Event()

    async def run(self, first_connections: int = 64, *, compiled: bool = True) -> Record:
        """Until every request came to its end; in C where it can be and may be ``compiled``."""
        program = engine.engine() if compiled else None
        if program is None:
            return await self._run_here(first_connections)
        due_s, seconds = np.array(self._due_s), self._record.seconds
        most, first = self._most_connections, min(first_connections, self._most_connections)
        load = engine.Load(self._requests, due_s, seconds, self._give_up_s, most, first)
        return Record.of(seconds, await engine.run(program, self._target, load))

    async def _run_here(self, first_connections: int) -> Record:
        self._loop = asyncio.get_running_loop()
        for _ in range(min(first_connections, self._most_connections)):
            self._idle.append(await self._connected())
        self._started_s = perf_counter()
        self._tick()
        async with asyncio.timeout(self._record.seconds + 4 * self._give_up_s + 30):
            await self._all_ended.wait()
        self._record.connections = len(self._callers)
        for caller in self._callers:
            caller.close()
        return self._record

    def _tick(self) -> None:
        now_s = perf_counter() - self._started_s
        while self._next < len(self._due_s) and self._due_s[self._next] <= now_s:
            self._send(self._due_s[self._next])
            self._next += 1
        while self._queue and now_s - self._queue[0] > self._give_up_s:
            due_s = self._queue.popleft()
            self._end(due_s, now_s - due_s, NEVER_SENT)
        if not self._all_ended.is_set():
            gap_s = self._due_s[self._next] - now_s if self._next < len(self._due_s) else 0.01
            self._loop.call_later(max(TICK_S, gap_s), self._tick)

    def _send(self, due_s: float) -> None:
        while self._idle:
            caller = self._idle.popleft()
            if caller.open:
                self._record.late_s.append(perf_counter() - self._started_s - due_s)
                self._start(caller, due_s)
                return
            self._callers.discard(caller)
        self._queue.append(due_s)
        if len(self._callers) + self._opening < self._most_connections:
            self._opening += 1
            task = self._loop.create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _start(self, caller: Caller, due_s: float) -> None:
        request = self._requests[self._sent % len(self._requests)]
        self._sent += 1
        caller.send(request, due_s)

    async def _connected(self) -> Caller:
        caller = await self._target.connect(self._done)
        self._callers.add(caller)
        return caller

    async def _open(self) -> None:
        try:
            caller = await self._connected()
        except OSError:
            return
        finally:
            self._opening -= 1
        self._free(caller)

    def _done(self, caller: Caller, answer: Answer) -> None:
        due_s = caller.intended_s
        self._end(due_s, perf_counter() - self._started_s - due_s, answer.status)
        if answer.status == LOST or not caller.open:
            self._callers.discard(caller)
        else:
            self._free(caller)

    def _free(self, caller: Caller) -> None:
        if self._queue:
            self._start(caller, self._queue.popleft())
        else:
            self._idle.append(caller)

    def _end(self, due_s: float, took_s: float, status: int) -> None:
        self._record.add(due_s, took_s, status)
        if len(self._record.due_s) == len(self._due_s):
            self._all_ended.set()
