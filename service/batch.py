"""What a batcher is told and what it tells: the limits of a pass, and answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from service.errors import ServiceError
from service.rows import Arrays

Side = Literal["left", "right"]


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


@dataclass(slots=True, eq=False)
class Answer:
    """The outputs for all rows of a request, in their order, and how they came about.

    ``batch_rows`` is the largest batch that a row of the request was in.
    """

    outputs: Arrays
    batch_rows: int
    queue_s: float
    predict_s: float


Done = Callable[[Answer | ServiceError], Any]


def settle(future: "asyncio.Future[Answer]", outcome: Answer | ServiceError) -> None:
    """Give the outcome to who waits for it, if anybody does."""
    if future.done():
        return
    if isinstance(outcome, Answer):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
