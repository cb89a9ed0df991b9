"""Whatever happens in whatever order: every request is answered once, rightly, within limits."""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.batch import Answer, BatchLimits
from service.batcher import LOOP_PASS_S, Batcher
from service.errors import (
    DeadlineExceeded,
    PredictError,
    ServiceError,
    ServiceOverloaded,
    ServiceStopping,
)
from service.loop_turns import LoopTurns
from service.rows import Arrays, Padding, Rows

pytestmark = pytest.mark.timeout(120)

POISON = 13
LIMITS = BatchLimits(max_rows=5, max_cells=300, max_queued_rows=24)


@dataclass
class ByHand:
    """A worker that finishes a pass when it is told to, so that all else can come in between."""

    begun: list[Any] = field(default_factory=list)

    def start(self, work: Any, done: Any) -> None:
        self.begun.append((work, done))

    def finish(self) -> None:
        if self.begun:
            work, done = self.begun.pop(0)
            done(work())

    def close(self) -> None:
        pass


@dataclass
class Model:
    """Answers number + method; fails where a poisoned row is; checks every pass on its way."""

    shapes: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, inputs: Arrays, method: str) -> Arrays:
        n_rows, width = inputs["values"].shape
        self.shapes.append((n_rows, width))
        assert n_rows <= LIMITS.max_rows
        assert n_rows == 1 or n_rows * width <= LIMITS.max_cells
        if POISON in inputs["number"]:
            raise ArithmeticError("13 brings bad luck")
        total = np.nansum(inputs["values"], axis=1)  # the length of each row, padding left out
        return {"answer": inputs["number"] + (0.5 if method == "score" else 0.0), "total": total}


@dataclass(frozen=True)
class Asked:
    """A request: numbers and lengths of its rows, its method, and how patient the caller is."""

    numbers: list[int]
    lengths: list[int]
    method: str
    patience_s: float | None

    def rows(self) -> Rows:
        width = max(self.lengths)
        values = np.full((len(self.lengths), width), np.nan)
        for row, length in enumerate(self.lengths):
            values[row, width - length :] = 1.0
        inputs = {"number": np.array(self.numbers, dtype=np.float64), "values": values}
        return Rows(inputs, np.array(self.lengths), self.method)


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    size = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 7, 13]))
    length = st.sampled_from([3, 20, 20, 64]) | st.sampled_from([20, 65, 140])
    numbers = draw(st.lists(st.integers(100, 200), min_size=size, max_size=size))
    if draw(st.sampled_from([False, False, False, True])):
        numbers[-1] = POISON
    return Asked(
        numbers,
        draw(st.lists(length, min_size=size, max_size=size)),
        draw(st.sampled_from(["forward", "forward", "score"])),
        draw(st.sampled_from([None, None, None, None, 3600.0, -1.0])),
    )


# A request comes, the n-th of those that wait leaves or expires, a pass ends, or the loop turns.
steps = st.lists(
    asked()
    | st.tuples(st.sampled_from(["leave", "expire"]), st.integers(0, 3))
    | st.sampled_from(["finish", "turn"]),
    min_size=4,
    max_size=40,
)


@dataclass
class Told:
    """A request with what its caller was told, in order."""

    asked: Asked
    request: Any = None
    left: bool = False
    outcomes: list[Answer | ServiceError] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.request is not None and not self.left and not self.outcomes

    def check(self) -> None:
        """Exactly one outcome, none for who left, and the right one."""
        assert len(self.outcomes) == (0 if self.left else 1)
        poisoned = POISON in self.asked.numbers
        for outcome in self.outcomes:
            if isinstance(outcome, Answer):
                assert not poisoned
                shift = 0.5 if self.asked.method == "score" else 0.0
                assert outcome.outputs["answer"].tolist() == [n + shift for n in self.asked.numbers]
                assert outcome.outputs["total"].tolist() == self.asked.lengths
            elif isinstance(outcome, PredictError):
                assert poisoned
            else:
                assert isinstance(outcome, DeadlineExceeded | ServiceOverloaded | ServiceStopping)


def ask(batcher: Batcher, what: Asked) -> Told:
    told = Told(what)
    deadline_s = None if what.patience_s is None else perf_counter() + what.patience_s
    before = batcher.waiting_rows
    try:
        told.request = batcher.submit_nowait(
            what.rows(), told.outcomes.append, deadline_s=deadline_s
        )
    except ServiceError as error:
        told.outcomes.append(error)
    within = batcher.waiting_rows <= max(LIMITS.max_queued_rows, len(what.numbers))
    assert within or batcher.waiting_rows == before
    return told


async def play(script: list[Any], on_loop: bool) -> None:
    worker, model, everybody = ByHand(), Model(), list[Told]()
    padding = Padding("values", np.nan)
    turns = LoopTurns() if on_loop else None
    batcher = Batcher(model, worker=worker, limits=LIMITS, padding=padding, turns=turns)
    for bucket in (6, 7, 8):
        batcher.lane("score", bucket).compute.add(1, LOOP_PASS_S / 100)
    for step in script:
        match step:
            case Asked():
                everybody.append(ask(batcher, step))
            case "finish":
                worker.finish()
            case "turn":
                await asyncio.sleep(0)
            case (what, at):
                end(what, [told for told in everybody if told.open][at : at + 1])
    await settle(batcher, worker)
    for told in everybody:
        told.check()
    assert batcher.waiting_rows == 0
    assert all(lane.rows == lane.ahead == 0 for lane in batcher._queue.lanes.values())


def end(what: str, chosen: list[Told]) -> None:
    for told in chosen:
        if what == "leave":
            told.left = True
            told.request.leave()
        else:
            told.request.fail(DeadlineExceeded("late"))


async def settle(batcher: Batcher, worker: ByHand) -> None:
    closing = asyncio.create_task(batcher.close(patience_s=60))
    while not closing.done():
        await asyncio.sleep(0)
        worker.finish()


@given(steps, st.booleans())
@settings(max_examples=150)
def test_every_request_is_answered_once_and_rightly_within_the_limits(
    script: list[Any], on_loop: bool
) -> None:
    asyncio.run(play(script, on_loop))
