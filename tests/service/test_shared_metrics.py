"""Samples of several workers become sums that never go down."""

import logging

import pytest

from service.board import Board, State
from service.metrics import Samples, render
from service.shared_metrics import SharedMetrics, added, decoded, encoded

ROUTE = (("route", "/x"),)


class Counting:
    """A worker's own samples, set by the test."""

    def __init__(self, requests: float = 0, waiting: float = 0) -> None:
        self.requests = requests
        self.waiting = waiting

    def __call__(self) -> Samples:
        return {
            ("requests_total", ROUTE): [self.requests],
            ("request_seconds", ROUTE): [self.requests, 0, 0.5],
            ("waiting_rows", (("model", "m"),)): [self.waiting],
        }


def joined(board: Board, index: int, counting: Counting) -> SharedMetrics:
    board.slots[index].state = State.READY
    return SharedMetrics(board, index, counting)


def test_any_worker_tells_the_sum_of_all() -> None:
    board = Board.shared(2)
    one = joined(board, 0, Counting(requests=3, waiting=1))
    two = joined(board, 1, Counting(requests=4, waiting=2))
    one.publish()
    two.publish()

    for worker in (one, two):
        total = worker.total()
        assert total["requests_total", ROUTE] == [7]
        assert total["request_seconds", ROUTE] == [7, 0, 1.0]
        assert total["waiting_rows", (("model", "m"),)] == [3]


def test_its_own_are_told_as_they_are_now() -> None:
    counting = Counting(requests=1)
    worker = joined(Board.alone(), 0, counting)
    worker.publish()
    counting.requests = 2

    assert worker.total()["requests_total", ROUTE] == [2]


def test_gauges_of_workers_stand_beside_each_other() -> None:
    board = Board.shared(2)
    one, two = (joined(board, index, Counting()) for index in range(2))
    board.slots[1].state = State.LOADING
    two.publish()
    total = one.total()

    assert total["ready", (("worker", "0"),)] == [1]
    assert total["ready", (("worker", "1"),)] == [0]
    assert total["resident_bytes", (("worker", "1"),)][0] > 10**6
    assert total["open_files", (("worker", "0"),)][0] > 0


def test_counters_of_a_dead_worker_stay_and_its_gauges_go() -> None:
    board = Board.shared(2)
    one = joined(board, 0, Counting(requests=3, waiting=1))
    joined(board, 1, Counting(requests=4, waiting=2)).publish()
    board.slots[1].state = State.ABSENT
    total = one.total()

    assert total["requests_total", ROUTE] == [7]
    assert total["waiting_rows", (("model", "m"),)] == [1]
    assert ("ready", (("worker", "1"),)) not in total


def test_a_successor_counts_on_from_where_the_dead_one_stopped() -> None:
    board = Board.shared(2)
    one = joined(board, 0, Counting(requests=3))
    joined(board, 1, Counting(requests=4, waiting=9)).publish()
    successor = joined(board, 1, counting := Counting())
    seen = [one.total()["requests_total", ROUTE]]
    for requests in (0, 2):
        counting.requests = requests
        successor.publish()
        seen.append(one.total()["requests_total", ROUTE])

    assert seen == [[7], [7], [9]]
    assert one.total()["waiting_rows", (("model", "m"),)] == [0]


def test_replaced_workers_are_counted() -> None:
    board = Board.alone()
    board.replaced = 2

    text = render(joined(board, 0, Counting()).total() | {("request_seconds", ROUTE): [0] * 15})
    assert "seqserve_worker_replacements_total 2\n" in text


def test_samples_travel_unchanged() -> None:
    samples = Counting(requests=3, waiting=0.5)()

    assert decoded(encoded(samples)) == samples
    assert decoded(b"") == {}


def test_sums_take_what_only_one_side_has() -> None:
    left: Samples = {("a", ()): [1, 2]}
    right: Samples = {("a", ()): [3, 5], ("b", ROUTE): [7]}

    assert added(left, right) == {("a", ()): [4, 7], ("b", ROUTE): [7]}
    assert left == {("a", ()): [1, 2]}


def test_more_than_fits_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.board.TEXT_BYTES", 10)
    worker = joined(Board.alone(), 0, Counting())
    with caplog.at_level(logging.ERROR):
        worker.publish()
        worker.publish()

    (record,) = caplog.records
    assert "too many metrics" in record.message
