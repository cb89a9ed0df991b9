"""Stand-ins for networks whose answers a reader can work out by hand."""

import threading
from collections.abc import Sequence

import numpy as np

from models.manifest import FORWARD
from service.rows import Arrays, Rows


class Doubler:
    """Answers ``2 * row`` and remembers the sizes and the methods of its batches."""

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []
        self.methods: list[str] = []

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        self.batch_sizes.append(len(inputs["row"]))
        self.methods.append(method)
        return {"doubled": 2 * inputs["row"]}


class Gate:
    """Holds every pass of ``model`` until it is opened; says when the first one has entered."""

    def __init__(self, model: Doubler) -> None:
        self.model = model
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        self.entered.set()
        if not self.opened.wait(timeout=30):
            raise TimeoutError("nobody opened the gate")
        return self.model(inputs, method)

    def open(self) -> None:
        self.opened.set()


class PickyDoubler(Doubler):
    """A doubler that fails on any batch that holds the number 13."""

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        if 13 in inputs["row"]:
            self.batch_sizes.append(len(inputs["row"]))
            raise ArithmeticError("13 brings bad luck")
        return super().__call__(inputs, method)


class LengthSummer:
    """Answers the sum of the known values of a row, and remembers the shapes of its batches."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        del method
        self.shapes.append(inputs["values"].shape)
        return {"total": np.nansum(inputs["values"], axis=1)}


def numbers(*values: float) -> Rows:
    """Rows of one number each, for a doubler."""
    return Rows({"row": np.array(values)})


def series(*lengths: int) -> Rows:
    """Rows of ones, as long as asked, right-aligned and padded with NaN, for a summer."""
    longest = max(lengths)
    values = np.full((len(lengths), longest), np.nan)
    for row, length in enumerate(lengths):
        values[row, longest - length :] = 1.0
    return Rows({"values": values}, np.array(lengths, dtype=np.int64))


def doubled(values: Sequence[float]) -> list[float]:
    return [2 * value for value in values]
