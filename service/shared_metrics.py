"""Samples of all workers added up: every worker publishes its own, a scrape of any reads all.

A worker goes on from what the one before it in its slot had published, so counters survive a crash
(but for the last fraction of a second) and never go down.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import orjson

from service.board import Board, State
from service.metrics import GAUGES, Samples

logger = logging.getLogger("seqserve.metrics")


class SharedMetrics:
    """The samples of one worker, and the way to those of all; ``collect`` gathers its own."""

    def __init__(self, board: Board, index: int, collect: Callable[[], Samples]) -> None:
        self._board = board
        self._slot = board.slots[index]
        self._worker = (("worker", str(index)),)
        self._collect = collect
        self._inherited = counters(decoded(self._slot.read()))
        self._warned = False

    def publish(self) -> None:
        """Tell the others what was counted so far."""
        samples = added(self._inherited, self._collect() | self._own_gauges())
        if not self._slot.publish(encoded(samples)) and not self._warned:
            self._warned = True
            logger.error("too many metrics: those of this worker no longer grow")

    def total(self) -> Samples:
        """The sum over all workers, dead ones included; gauges of those that live."""
        self.publish()
        everything: Samples = {("worker_replacements_total", ()): [self._board.replaced]}
        for slot in self._board.slots:
            published = decoded(slot.read())
            everything = added(
                everything, counters(published) if slot.state is State.ABSENT else published
            )
        return everything

    def _own_gauges(self) -> Samples:
        return {
            ("ready", self._worker): [self._slot.state is State.READY],
            ("connections", self._worker): [self._slot.connections],
            ("resident_bytes", self._worker): [resident_bytes()],
            ("open_files", self._worker): [len(os.listdir("/proc/self/fd"))],
        }


def added(left: Samples, right: Samples) -> Samples:
    """The sums, by family and labels."""
    sums = dict(left)
    for key, values in right.items():
        before = sums.get(key)
        sums[key] = [a + b for a, b in zip(before, values, strict=True)] if before else list(values)
    return sums


def counters(samples: Samples) -> Samples:
    """Without the gauges."""
    return {key: values for key, values in samples.items() if key[0] not in GAUGES}


def encoded(samples: Samples) -> bytes:
    """As text for another process."""
    return orjson.dumps([[name, labels, values] for (name, labels), values in samples.items()])


def decoded(text: bytes) -> Samples:
    """The reverse of ``encoded``; nothing was published yet if ``text`` is empty."""
    if not text:
        return {}
    return {
        (name, tuple((label, value) for label, value in labels)): values
        for name, labels, values in orjson.loads(text)
    }


def resident_bytes(statistics: Path = Path("/proc/self/statm")) -> int:
    """Resident memory of this process."""
    return int(statistics.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
