"""What a forward pass in C is made from, and what it is."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from service.rows import Array

# Of a loaded graph, by dotted path: a tensor as an array, anything else as it is. Raises
# AttributeError where the graph has no such part.
Part = Callable[[str], Any]

# Inputs and outputs in the order of the manifest; the inputs are contiguous and of its dtypes.
CompiledPass = Callable[[Sequence[Array]], tuple[Array, ...]]


class PassMaker(Protocol):
    """A module of this package: the pass of one network.

    ``ALIKE`` is how far its answers may be from the graph's, by the largest magnitude of a row.
    """

    ALIKE: float

    def make(self, part: Part) -> CompiledPass | None:
        """The pass with the weights of a graph.

        None where it was not compiled, the processor lacks what it was compiled for, or the graph
        is not of the names and shapes that it knows.
        """

    def probes(self) -> list[list[Array]]:
        """Batches of inputs on which the graph and the pass must agree."""
