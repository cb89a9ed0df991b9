"""Requests on their way through the batcher, the parts they are cut into, and the lanes of these.

The classes of the hot path are not frozen: that would triple what it costs to make one.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from service.batch import Answer, Done, Side
from service.batch_cost import Cost
from service.errors import PredictError, ServiceError
from service.rows import Array, Arrays, Rows, Selection

INFINITY = float("inf")
NO_ROWS = Rows({})


def nobody(outcome: Answer | ServiceError) -> None:
    """Takes the place of a caller who has the answer, or does not want it."""


class PendingRequest:
    """A request between its submission and its answer, which ``done`` gets exactly once.

    ``gone`` says that nobody waits any more: answered, or the caller left. ``leave`` is told then,
    and lets go of rows and caller: the deadline knows the request for longer, and the caller may
    know it, too. ``callers`` is how many ask together.
    """

    __slots__ = (
        "answered",
        "batch_rows",
        "callers",
        "deadline_s",
        "done",
        "gone",
        "missing_rows",
        "on_gone",
        "parts",
        "predict_s",
        "rows",
        "side",
        "started_s",
        "submitted_s",
    )

    def __init__(
        self,
        rows: Rows,
        done: Done,
        on_gone: "Callable[[PendingRequest], None]",
        submitted_s: float,
        side: Side,
    ) -> None:
        self.rows = rows
        self.done = done
        self.on_gone = on_gone
        self.submitted_s = submitted_s
        self.side = side
        self.callers = 1
        self.gone = False
        self.deadline_s = INFINITY
        self.missing_rows = len(rows)
        self.parts: list[Part] = []  # those that still queue
        self.answered: list[tuple[Selection, Arrays]] = []
        self.started_s = 0.0
        self.batch_rows = 0
        self.predict_s = 0.0

    def leave(self) -> None:
        """Nobody wants the answer any more; what is not computed yet never will be."""
        if not self.gone:
            self.gone = True
            self.on_gone(self)
            self.rows, self.done = NO_ROWS, nobody

    def fail(self, error: BaseException) -> None:
        """Answer with ``error``; what a model raised itself is wrapped."""
        if not self.gone:
            done = self.done
            self.leave()
            done(error if isinstance(error, ServiceError) else _wrap(error))

    def deliver(self, selection: Selection, outputs: Arrays) -> bool:
        """Take the outputs of some rows; with the last of them the request is answered: True."""
        if self.gone:
            return False
        self.missing_rows -= selection.size
        if self.missing_rows:
            self.answered.append((selection, outputs))
            return False
        if self.answered or selection.size < len(self.rows):
            self.answered.append((selection, outputs))
            outputs = self._joined(outputs)
        done = self.done
        self.leave()
        queue_s = self.started_s - self.submitted_s
        done(Answer(outputs, self.batch_rows, queue_s, self.predict_s))
        return True

    def _joined(self, names: Arrays) -> Arrays:
        """All outputs in the order of the rows; zeros for those that nobody wants any more."""
        return {name: self._joined_output(name) for name in names}

    def _joined_output(self, name: str) -> Array:
        """One output of all rows; those of narrower passes lie on the side of their input."""
        arrays = [outputs[name] for _, outputs in self.answered]
        shapes = {array.shape[1:] for array in arrays}
        widest = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
        joined: Array = np.zeros((len(self.rows), *widest), arrays[0].dtype)
        for (selection, _), array in zip(self.answered, arrays, strict=True):
            if array.shape[1:] == widest:
                joined[selection.index] = array
            elif self.side == "right":
                joined[selection.index, : array.shape[1]] = array
            else:
                joined[selection.index, -array.shape[1] :] = array
        return joined


@dataclass(slots=True, eq=False)
class Lane:
    """Parts that may share a pass: rows of one method and one length bucket.

    ``room`` rows fit into a pass. ``rows`` of living requests wait, ``ahead`` of them before
    whoever comes now: of a part larger than a pass only the first pass is, the rest queues again.
    ``cycle`` predicts a pass from its start to the start of the next, ``compute`` its processor
    time.
    """

    method: str
    bucket: int
    room: int
    parts: "deque[Part]" = field(default_factory=deque)
    rows: int = 0
    ahead: int = 0
    cycle: Cost = field(default_factory=Cost)
    compute: Cost = field(default_factory=Cost)

    def count(self, size: int, sign: int) -> None:
        """Note that a part of ``size`` rows came or went."""
        self.rows += sign * size
        self.ahead += sign * min(size, self.room)


@dataclass(slots=True, eq=False)
class Part:
    """Rows of one request that queue, compute and are answered together; ``turn`` is its age."""

    request: PendingRequest
    selection: Selection
    turn: int
    lane: Lane


def _wrap(error: BaseException) -> PredictError:
    wrapped = PredictError(f"the model failed: {error!r}")
    wrapped.__cause__ = error
    return wrapped
