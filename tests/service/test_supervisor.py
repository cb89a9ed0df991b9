"""Workers that die, hang or never start, with processes that only pretend."""

import logging
import signal
import threading
from dataclasses import dataclass, field

import pytest

from service.board import Board, State
from service.endings import STARTUP_FAILURE
from service.supervisor import LONGEST_PAUSE_S, MOST_FAILURES, START_PATIENCE_S, Supervisor

STUCK_AFTER_S = 10.0


@dataclass
class PretendedProcess:
    """It dies when told so, by a signal or by the test."""

    pid: int
    index: int
    exit_code: int | None = None
    stubborn: bool = False
    signals: list[int] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.exit_code

    def send_signal(self, sig: int) -> None:
        self.signals.append(sig)
        if self.exit_code is None and sig == signal.SIGKILL:
            self.exit_code = -signal.SIGKILL
        if self.exit_code is None and sig == signal.SIGTERM and not self.stubborn:
            self.exit_code = 0

    def wait(self, timeout: float | None = None) -> int:
        assert self.exit_code is not None, "it would have waited for ever"
        return self.exit_code


class Workers:
    """A supervisor of two workers whose clock the test turns."""

    def __init__(self, n_workers: int = 2) -> None:
        self.board = Board.shared(n_workers)
        self.started: list[PretendedProcess] = []
        self.stubborn = False
        self.now_s = 1000.0
        self.supervisor = Supervisor(
            self.start, self.board, stuck_after_s=STUCK_AFTER_S, graceful_stop_s=0.1
        )

    def start(self, index: int) -> PretendedProcess:
        process = PretendedProcess(len(self.started), index, stubborn=self.stubborn)
        self.started.append(process)
        return process

    def check(self, after_s: float = 0.0) -> int:
        self.now_s += after_s
        return self.supervisor.check(self.now_s)

    def beat(self, index: int, state: State = State.READY) -> None:
        slot = self.board.slots[index]
        slot.state, slot.beat_s = state, self.now_s

    def all_ready(self) -> None:
        self.check()
        for index in range(len(self.board.slots)):
            self.beat(index)
        self.check()


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_every_slot_gets_a_process_and_the_service_is_complete_when_all_were_ready(
    workers: Workers,
) -> None:
    workers.check()
    workers.beat(0)
    workers.check()
    assert [process.index for process in workers.started] == [0, 1]
    assert not workers.board.complete

    workers.beat(1)
    workers.check()
    assert workers.board.complete


def test_a_dead_worker_is_replaced_at_once_and_the_others_are_left_alone(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    workers.all_ready()
    workers.board.slots[0].connections = 5
    workers.started[0].exit_code = -signal.SIGSEGV
    with caplog.at_level(logging.ERROR):
        workers.check()
        workers.check()

    assert [process.index for process in workers.started] == [0, 1, 0]
    assert workers.started[1].signals == []
    slot = workers.board.slots[0]
    assert (slot.state, slot.connections, workers.board.replaced) == (State.ABSENT, 0, 1)
    assert "worker 0 ended (killed by SIGSEGV)" in caplog.text
    assert workers.board.complete  # the others serve


def test_a_silent_worker_is_asked_what_it_does_and_replaced(workers: Workers) -> None:
    workers.all_ready()
    workers.now_s += STUCK_AFTER_S - 1
    workers.check()
    assert workers.started[0].signals == []

    workers.beat(1)
    workers.check(after_s=2)
    assert workers.started[0].signals == [signal.SIGUSR1, signal.SIGKILL]
    assert workers.started[1].signals == []
    workers.check()
    workers.check()
    assert [process.index for process in workers.started] == [0, 1, 0]


def test_who_loads_may_be_silent_for_longer(workers: Workers) -> None:
    workers.check()
    workers.beat(0, State.LOADING)
    workers.check(after_s=START_PATIENCE_S - 1)
    assert workers.started[0].signals == workers.started[1].signals == []

    workers.check(after_s=2)
    assert workers.started[0].signals == [signal.SIGUSR1, signal.SIGKILL]


def test_a_worker_that_keeps_dying_is_started_after_growing_pauses(workers: Workers) -> None:
    workers.all_ready()
    starts = []
    for _ in range(9):
        dead = next(each for each in reversed(workers.started) if each.index == 0)
        dead.exit_code = 1
        workers.check()
        n_started, died_s = len(workers.started), workers.now_s
        while len(workers.started) == n_started:
            workers.beat(1)
            assert workers.check(after_s=0.5) == 0
        starts.append(workers.now_s - died_s)

    assert starts == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_one_that_served_for_long_is_replaced_at_once_again(workers: Workers) -> None:
    workers.all_ready()
    for _ in range(3):
        for _ in range(20):
            workers.beat(0)
            workers.beat(1)
            workers.check(after_s=5)
        workers.started[-1 if len(workers.started) > 2 else 0].exit_code = 1
        workers.check()
        n_started = len(workers.started)
        workers.check()
        assert len(workers.started) == n_started + 1


def test_a_failure_to_start_ends_a_service_that_serves_nothing(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    workers.check()
    workers.started[1].exit_code = STARTUP_FAILURE

    assert workers.check() == STARTUP_FAILURE
    assert "cannot start: worker 1 ended (exit code 3)" in caplog.text


def test_crashing_at_every_start_ends_it_after_some_tries(workers: Workers) -> None:
    workers.check()
    code = 0
    for _ in range(1000):
        for process in workers.started:
            process.exit_code = -signal.SIGSEGV
        if code := workers.check(after_s=1):
            break

    assert code == STARTUP_FAILURE
    assert MOST_FAILURES <= len(workers.started) <= 2 * MOST_FAILURES


def test_a_failure_to_start_beside_one_that_serves_does_not_end_it(workers: Workers) -> None:
    workers.check()
    workers.beat(0)
    workers.started[1].exit_code = STARTUP_FAILURE

    assert workers.check() == 0
    assert workers.board.complete  # it serves with what it has


def stopping(workers: Workers) -> threading.Event:
    closed = threading.Event()
    workers.supervisor._on_stop(signal.SIGTERM, None)
    assert workers.supervisor.run(close_listener=closed.set) == 0
    return closed


def test_told_to_stop_it_stops_all_and_closes_the_socket_first(workers: Workers) -> None:
    workers.all_ready()

    assert stopping(workers).is_set()
    assert [process.signals for process in workers.started] == [[signal.SIGTERM]] * 2


def test_who_does_not_stop_in_time_is_killed(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.supervisor, "_stop_patience_s", 0.05)
    workers.stubborn = True
    workers.all_ready()
    stopping(workers)

    assert [process.exit_code for process in workers.started] == [-signal.SIGKILL] * 2


def test_told_twice_it_does_not_wait(workers: Workers) -> None:
    workers.stubborn = True
    workers.all_ready()
    workers.supervisor._on_stop(signal.SIGINT, None)
    stopping(workers)

    assert [process.exit_code for process in workers.started] == [-signal.SIGKILL] * 2


def test_a_hangup_renews_one_worker_after_the_other(workers: Workers) -> None:
    workers.all_ready()
    workers.supervisor._on_hangup(signal.SIGHUP, None)
    workers.check()
    assert [process.signals for process in workers.started] == [[signal.SIGTERM], []]

    workers.check()  # buried
    workers.check()  # its successor starts
    assert [process.index for process in workers.started] == [0, 1, 0]
    assert workers.started[1].signals == []

    workers.beat(0)
    workers.check()
    assert workers.started[1].signals == [signal.SIGTERM]
    assert workers.board.replaced == 1  # so far
