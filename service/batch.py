"""What the batcher handles: requests, the parts they are cut into, and the limits of a pass."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from service.errors import BatchContractBroken, PredictError, ServiceError
from service.rows import Array, Arrays, Rows, Selection


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much one forward pass may hold, and how much may wait for it.

    ``max_cells`` counts padded cells: rows times the upper bound of their length bucket, or rows
    alone where nothing varies in length. A single row is always let through.
    """

    max_rows: int
    max_cells: int
    max_queued_rows: int

    def rows_of(self, bucket: int) -> int:
        """Rows of length ``bucket`` that fit into one pass."""
        return max(1, min(self.max_rows, self.max_cells >> bucket))


@dataclass(frozen=True, slots=True)
class Answer:
    """The outputs for all rows of a request, in their order, and how they came about.

    ``batch_rows`` is the largest batch that a row of the request was in.
    """

    outputs: Arrays
    batch_rows: int
    queue_s: float
    predict_s: float


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A request between its submission and its answer."""

    rows: Rows
    answer: asyncio.Future[Answer]
    submitted_s: float
    waiting_rows: int
    missing_rows: int
    side: Literal["left", "right"] = "left"
    answered: list[tuple[Selection, Arrays]] = field(default_factory=list)
    started_s: float = 0.0
    batch_rows: int = 0
    predict_s: float = 0.0

    def gone(self) -> bool:
        """Whether nobody waits any more: the caller left, or has an answer or an error."""
        return self.answer.done()

    def fail(self, error: Exception) -> None:
        """Answer with ``error``; what a model raised itself is wrapped."""
        if not self.gone():
            self.answer.set_exception(error if isinstance(error, ServiceError) else _wrap(error))

    def deliver(self, selection: Selection, outputs: Arrays) -> None:
        """Take the outputs of some rows; with the last of them the request is answered."""
        if self.gone():
            return
        self.answered.append((selection, outputs))
        self.missing_rows -= selection.size
        if self.missing_rows == 0:
            queue_s = self.started_s - self.submitted_s
            self.answer.set_result(Answer(self._joined(), self.batch_rows, queue_s, self.predict_s))

    def _joined(self) -> Arrays:
        """All outputs in the order of the rows."""
        _, first = self.answered[0]
        if len(self.answered) == 1:  # one part holds every row, in order
            return first
        return {name: self._joined_output(name) for name in first}

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


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of one request that queue, compute and are answered together; ``turn`` is its age."""

    request: PendingRequest
    selection: Selection
    turn: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a pass gave to a part: outputs or an error."""

    part: Part
    result: Arrays | Exception


def shares(batch: list[Part], outputs: Arrays) -> list[Outcome]:
    """Cut the outputs of a pass into what belongs to each part.

    Raises:
        BatchContractBroken: an output has another number of rows than the batch.
    """
    n_rows = sum(part.selection.size for part in batch)
    for name, array in outputs.items():
        if len(array) != n_rows:
            raise BatchContractBroken(f"{n_rows} rows in, {len(array)} rows of {name!r} out")
    outcomes, start = [], 0
    for part in batch:
        end = start + part.selection.size
        share = {name: array[start:end] for name, array in outputs.items()}
        outcomes.append(Outcome(part, share))
        start = end
    return outcomes


def _wrap(error: Exception) -> PredictError:
    wrapped = PredictError(f"the model failed: {error!r}")
    wrapped.__cause__ = error
    return wrapped
