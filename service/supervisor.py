"""Keeping workers alive: one that dies or gets stuck is replaced, the others go on serving."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Protocol

from service.board import Board, State
from service.endings import STARTUP_FAILURE

TICK_S = 0.1
# Imports and loading may keep an event loop from turning, on a busy machine for long.
START_PATIENCE_S = 120.0
# Time to write down where it is stuck.
LAST_WORDS_S = 0.3
# A worker that lived this long was fine: it is replaced at once.
FINE_AFTER_S = 60.0
LONGEST_PAUSE_S = 30.0
# So many starts in a row that came to nothing, while no other worker serves, end the service.
MOST_FAILURES = 5
# A worker cancels what takes longer than the graceful time; then it has this to tidy up.
TIDY_S = 5.0

logger = logging.getLogger("seqserve.supervisor")


class WorkerProcess(Protocol):
    """What the supervisor needs of ``subprocess.Popen``."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, None while it runs."""

    def send_signal(self, sig: int) -> None:
        """Nothing if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code."""


@dataclass(slots=True)
class Seat:
    """A worker's place: the process that has it now, and how those before it fared."""

    index: int
    process: WorkerProcess | None = None
    started_s: float = 0.0
    start_at_s: float = 0.0
    was_ready: bool = False
    told_to_stop: bool = False
    failures: int = 0


class Supervisor:
    """Runs one worker for each slot of ``board``; ``start`` begins the process for a slot."""

    def __init__(
        self,
        start: Callable[[int], WorkerProcess],
        board: Board,
        *,
        stuck_after_s: float,
        graceful_stop_s: float,
    ) -> None:
        self._start = start
        self._board = board
        self._stuck_after_s = stuck_after_s
        self._stop_patience_s = graceful_stop_s + TIDY_S
        self._seats = [Seat(index) for index in range(len(board.slots))]
        self._stop = threading.Event()
        self._hurry = False
        self._renew: list[Seat] = []

    def handle_signals(self) -> None:
        """SIGTERM and Ctrl-C end the service, twice at once; SIGHUP renews worker after worker.

        On a terminal SIGHUP says that the terminal is gone, and the service with it.
        """
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        on_terminal = sys.stderr.isatty()
        signal.signal(signal.SIGHUP, self._on_stop if on_terminal else self._on_hangup)

    def run(self, close_listener: Callable[[], None]) -> int:
        """Until told to stop, or nothing starts; return the exit code."""
        code = 0
        while not self._stop.wait(TICK_S) and not code:
            code = self.check(monotonic())
        close_listener()  # who connects now is refused instead of waiting for nobody
        self._end_all()
        return code

    def check(self, now_s: float) -> int:
        """Look after every worker once; anything but 0 means to give up."""
        for seat in self._seats:
            if seat.process is None:
                if now_s >= seat.start_at_s:
                    self._fill(seat, now_s)
            elif (exit_code := seat.process.poll()) is not None:
                if self._bury(seat, exit_code, now_s):
                    return STARTUP_FAILURE
            else:
                self._watch(seat, seat.process, now_s)
        self._renew_next()
        if not self._board.complete:
            self._board.complete = all(seat.was_ready or seat.failures for seat in self._seats)
        return 0

    def _fill(self, seat: Seat, now_s: float) -> None:
        self._board.slots[seat.index].beat_s = 0.0
        seat.process = self._start(seat.index)
        seat.started_s, seat.was_ready, seat.told_to_stop = now_s, False, False

    def _watch(self, seat: Seat, process: WorkerProcess, now_s: float) -> None:
        slot = self._board.slots[seat.index]
        seat.was_ready |= slot.state is State.READY
        if slot.state is State.READY:
            patience_s = self._stuck_after_s
        elif slot.state is State.STOPPING:
            patience_s = self._stop_patience_s
        else:
            patience_s = START_PATIENCE_S
        since_s = max(slot.beat_s, seat.started_s)
        if now_s - since_s > patience_s:
            logger.error(
                "worker %d (process %d) is stuck for %.0f s: it is replaced",
                seat.index,
                process.pid,
                now_s - since_s,
            )
            process.send_signal(signal.SIGUSR1)
            self._stop.wait(LAST_WORDS_S)
            process.send_signal(signal.SIGKILL)

    def _bury(self, seat: Seat, exit_code: int, now_s: float) -> bool:
        """Note an end and when to replace it; True if there is no point in going on."""
        slot = self._board.slots[seat.index]
        slot.state, slot.connections, seat.process = State.ABSENT, 0, None
        self._board.replaced += 1
        if seat.told_to_stop:
            seat.start_at_s = now_s
            return False
        fine = seat.was_ready and now_s - seat.started_s > FINE_AFTER_S
        seat.failures = 1 if fine else seat.failures + 1
        pause_s = 0.0 if seat.failures == 1 else min(2.0 ** (seat.failures - 2), LONGEST_PAUSE_S)
        seat.start_at_s = now_s + pause_s
        logger.error(
            "worker %d ended (%s): it is replaced in %.0f s", seat.index, _told(exit_code), pause_s
        )
        return not seat.was_ready and self._hopeless(seat, exit_code)

    def _hopeless(self, seat: Seat, exit_code: int) -> bool:
        if self._board.ready():
            return False
        if exit_code != STARTUP_FAILURE and seat.failures < MOST_FAILURES:
            return False
        logger.critical("cannot start: worker %d ended (%s)", seat.index, _told(exit_code))
        return True

    def _renew_next(self) -> None:
        """One at a time, and only while all others serve."""
        if self._renew and self._board.ready() == len(self._seats):
            seat = self._renew.pop(0)
            if seat.process:
                seat.told_to_stop = True
                self._board.slots[seat.index].state = State.STOPPING
                seat.process.send_signal(signal.SIGTERM)

    def _end_all(self) -> None:
        processes = [seat.process for seat in self._seats if seat.process]
        for process in processes:
            process.send_signal(signal.SIGTERM)
        deadline_s = monotonic() + self._stop_patience_s
        while any(process.poll() is None for process in processes):
            if self._hurry or monotonic() > deadline_s:
                for process in processes:
                    process.send_signal(signal.SIGKILL)
                break
            threading.Event().wait(TICK_S / 4)
        for process in processes:
            process.wait()

    def _on_stop(self, _: int, __: FrameType | None) -> None:
        self._hurry = self._stop.is_set()
        self._stop.set()

    def _on_hangup(self, _: int, __: FrameType | None) -> None:
        self._renew = list(self._seats)


def _told(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    return f"killed by {signal.Signals(-exit_code).name}"
