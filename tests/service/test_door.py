"""Who is refused at the door: predicted from how fast a busy worker answers."""

import pytest

from service.door import BUSY, CROWD, LONGEST_PAUSE_S, STALE_S, STANDING_AFTER_S, Line


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("service.door.perf_counter", clock)
    return clock


def busy_line(clock: Clock, in_flight: int, per_s: float) -> Line:
    """A line that was always this long while it was answered at this speed for a second."""
    line = Line("/x")
    for _ in range(in_flight):
        line.enter()
    for _ in range(round(per_s)):
        clock.now_s += 1 / per_s
        line.leave()
        line.enter()
    return line


def test_a_line_is_too_long_if_it_takes_more_than_half_the_time(clock: Clock) -> None:
    line = busy_line(clock, in_flight=50, per_s=100)  # half a second

    assert line.is_too_long(timeout_s=0.9)
    assert not line.is_too_long(timeout_s=1.1)


def test_a_burst_may_make_a_line_long_but_it_may_not_stay_so(clock: Clock) -> None:
    line = busy_line(clock, in_flight=BUSY + 1, per_s=1000)
    line.leave()
    line.leave()
    for _ in range(199):
        line.enter()  # 214 at once: a fifth of a second

    assert not line.is_too_long(timeout_s=1.0)
    clock.now_s += STANDING_AFTER_S + 0.01
    assert line.is_too_long(timeout_s=1.0)
    assert not line.is_too_long(timeout_s=3.0)


def test_a_line_that_was_short_for_a_moment_may_get_long_again(clock: Clock) -> None:
    line = busy_line(clock, in_flight=200, per_s=1000)
    assert line.is_too_long(timeout_s=1.0)
    while line.in_flight >= BUSY:
        line.leave()
    for _ in range(200):
        line.enter()

    assert not line.is_too_long(timeout_s=1.0)


def test_a_few_who_wait_for_each_other_are_no_crowd(clock: Clock) -> None:
    line = busy_line(clock, in_flight=CROWD, per_s=200)
    assert not line.is_too_long(timeout_s=1.0)  # a third of a second, all the time

    line.enter()
    assert line.is_too_long(timeout_s=1.0)


def test_nobody_is_refused_before_the_speed_is_known(clock: Clock) -> None:
    line = Line("/x")
    for _ in range(1000):
        line.enter()

    assert not line.is_too_long(timeout_s=0.001)


def test_a_short_line_is_never_too_long(clock: Clock) -> None:
    line = busy_line(clock, in_flight=BUSY + 1, per_s=40)
    assert line.is_too_long(timeout_s=0.1)

    line.leave()
    line.leave()
    assert not line.is_too_long(timeout_s=0.1)


def test_a_worker_that_is_not_busy_learns_nothing(clock: Clock) -> None:
    line = busy_line(clock, in_flight=BUSY - 2, per_s=10)  # slow because nobody asks
    for _ in range(100):
        line.enter()

    assert not line.is_too_long(timeout_s=0.1)


def test_the_speed_follows_what_is_measured(clock: Clock) -> None:
    line = busy_line(clock, in_flight=50, per_s=100)
    assert line.is_too_long(timeout_s=0.5)
    for _ in range(3000):
        clock.now_s += 1 / 1000
        line.leave()
        line.enter()

    assert not line.is_too_long(timeout_s=0.5)


def test_an_old_measurement_says_nothing(clock: Clock) -> None:
    line = busy_line(clock, in_flight=50, per_s=100)
    clock.now_s += STALE_S + 0.1

    assert not line.is_too_long(timeout_s=0.1)


def test_who_is_told_to_come_again_gets_a_place_of_his_own(clock: Clock) -> None:
    line = busy_line(clock, in_flight=50, per_s=25)
    pauses = [line.retry_after_s() for _ in range(100)]

    assert pauses[0] == 3  # two seconds for those before, and rounded up
    assert pauses[:10] == [3] * 10
    assert pauses[-1] == 6  # a hundred places take four seconds more
    assert pauses == sorted(pauses)


def test_nobody_is_sent_away_for_long(clock: Clock) -> None:
    line = busy_line(clock, in_flight=20, per_s=20)
    pauses = [line.retry_after_s() for _ in range(1000)]

    assert max(pauses) == LONGEST_PAUSE_S
    clock.now_s += 30
    assert line.retry_after_s() < LONGEST_PAUSE_S


def test_a_refusal_is_told_in_whole_seconds_at_least_one(clock: Clock) -> None:
    assert busy_line(clock, in_flight=20, per_s=1000).retry_after_s() == 1
