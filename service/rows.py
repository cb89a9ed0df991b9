"""Rows of one request as arrays, and how rows of several requests become one batch.

Axis letters used here: B rows, T time. Every array is batch first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from models.manifest import FORWARD

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Lengths = npt.NDArray[np.int64]
Index = slice | npt.NDArray[np.int64]

# One pass of a method of a model, by its name, over batch-first arrays.
Run = Callable[[Arrays, str], Arrays]

EVERY_ROW = slice(None)


@dataclass(frozen=True, slots=True)
class Padding:
    """How rows of different lengths share a batch: ``value`` fills ``name`` on one side.

    With ``side`` "left" rows are right-aligned, with "right" left-aligned, in requests and in
    passes alike. Where an output is as wide as its pass, the answer is as wide as the widest pass,
    and what belongs to a row lies on the same side as in the input.
    """

    name: str
    value: float
    side: Literal["left", "right"] = "left"


@dataclass(slots=True, eq=False)  # not frozen: that would triple what it costs to make one
class Rows:
    """The rows of one request.

    Where rows differ in length they are padded already, on the side that the task's ``Padding``
    says, and ``lengths`` says how much of each is real; None where all rows are equally long.
    ``method`` is the method of the graph that shall answer; rows of two never share a pass.

    Shape:
        inputs: (B, ...) each, one array for every input of the model.
        lengths: (B,) int64, each at least 1.
    """

    inputs: Arrays
    lengths: Lengths | None = None
    method: str = FORWARD

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


@dataclass(slots=True, eq=False)
class Selection:
    """Some rows of a request, all of one length bucket: what is queued, batched and answered."""

    rows: Rows
    index: Index
    size: int
    longest: int

    def split(self, size: int) -> tuple["Selection", "Selection"]:
        """The first ``size`` rows, and the others."""
        numbers = self._numbers()
        head, tail = numbers[:size], numbers[size:]
        return (
            Selection(self.rows, head, len(head), self.longest),
            Selection(self.rows, tail, len(tail), self.longest),
        )

    def without(self, start: int, stop: int) -> "Selection":
        """Those that are not from ``start`` to ``stop`` among the rows of the request."""
        numbers = self._numbers()
        kept = numbers[(numbers < start) | (numbers >= stop)]
        return Selection(self.rows, kept, len(kept), self.longest)

    def _numbers(self) -> npt.NDArray[np.int64]:
        index = self.index
        return np.arange(len(self.rows))[index] if isinstance(index, slice) else index

    def cells(self) -> int:
        """Real cells: the lengths of the selected rows added up."""
        lengths = self.rows.lengths
        if lengths is None:
            return self.size
        return self.longest if len(lengths) == 1 else int(lengths[self.index].sum())


def bucket_of(length: int) -> int:
    """The bucket of rows that may share a batch: lengths up to the next power of two, from 64.

    Below that, a pass of its own costs more than the padding.
    """
    return max(6, (length - 1).bit_length())


def by_bucket(rows: Rows) -> list[tuple[int, Selection]]:
    """Cut the rows of a request into one selection per length bucket."""
    if rows.lengths is None:
        return [(0, Selection(rows, EVERY_ROW, len(rows), 1))]
    if len(rows.lengths) == 1:
        longest = int(rows.lengths[0])
        return [(bucket_of(longest), Selection(rows, EVERY_ROW, 1, longest))]
    buckets = np.array([bucket_of(length) for length in rows.lengths.tolist()])
    return [
        (int(bucket), _select(rows, np.flatnonzero(buckets == bucket)))
        for bucket in np.unique(buckets)
    ]


def _select(rows: Rows, index: npt.NDArray[np.int64]) -> Selection:
    assert rows.lengths is not None  # noqa: S101 - only rows with lengths have buckets
    return Selection(rows, index, len(index), int(rows.lengths[index].max()))


def collate(selections: Sequence[Selection], padding: Padding | None) -> Arrays:
    """Stack selections into the inputs of one forward pass, as long as the longest of them."""
    first = selections[0]
    if len(selections) == 1 and first.index is EVERY_ROW and first.rows.lengths is None:
        return first.rows.inputs
    width = max([selection.longest for selection in selections])
    names = first.rows.inputs.keys()
    return {
        name: _stack([_block(each, name, width, padding) for each in selections]) for name in names
    }


def _stack(blocks: list[Array]) -> Array:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _block(selection: Selection, name: str, width: int, padding: Padding | None) -> Array:
    block = selection.rows.inputs[name][selection.index]
    if padding is None or name != padding.name or selection.rows.lengths is None:
        return block
    missing, on_left = width - block.shape[1], padding.side == "left"
    if missing <= 0:
        return block[:, -width:] if on_left else block[:, :width]
    filler = np.full((len(block), missing), padding.value, dtype=block.dtype)
    return np.concatenate([filler, block] if on_left else [block, filler], axis=1)  # (B, width)
