"""A pass in C in the place of its graph, once it has shown that both answer alike."""

import logging
from dataclasses import dataclass

import numpy as np

from models.manifest import FORWARD, Method
from service.passes.contract import CompiledPass, Part, PassMaker
from service.rows import Array, Arrays, Run

logger = logging.getLogger("seqserve.loading")


@dataclass(frozen=True, slots=True)
class CompiledRun:
    """Forward passes in C, all other methods of the model by its graph."""

    compute: CompiledPass
    method: Method
    graph: Run

    def run(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        """One pass of ``method`` over batch-first arrays, by name.

        Raises:
            ValueError: the inputs are not of the shapes that the pass was made for.
        """
        if method != FORWARD:
            return self.graph(inputs, method)
        specs = self.method.inputs
        arrays = [np.ascontiguousarray(inputs[spec.name], dtype=spec.dtype) for spec in specs]
        outputs = self.compute(arrays)
        return {spec.name: array for spec, array in zip(self.method.outputs, outputs, strict=True)}


def made(maker: PassMaker, part: Part) -> CompiledPass | None:
    """What ``maker`` makes of a graph; None if it was compiled from other sources than these."""
    try:
        return maker.make(part)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        logger.warning(
            "the pass in C does not fit these sources (%s): the graph computes; install again",
            error,
        )
        return None


def quickest_run(
    graph: Run, compute: CompiledPass | None, maker: PassMaker | None, method: Method
) -> Run | None:
    """``compute`` as a run, if there is one and it answers the probes as the graph does."""
    if compute is None or maker is None:
        return None
    compiled = CompiledRun(compute, method, graph)
    names = [spec.name for spec in method.inputs]
    for probe in maker.probes():
        inputs = dict(zip(names, probe, strict=True))
        off = _furthest(compiled.run(inputs), graph(inputs, FORWARD))
        if not off <= maker.ALIKE:
            logger.warning(
                "the pass in C is off by %.3g of a row, allowed is %.0e: the graph computes",
                off,
                maker.ALIKE,
            )
            return None
    return compiled.run


def _furthest(answer: Arrays, expected: Arrays) -> float:
    """The largest difference in any row, by the largest magnitude of that row in any output."""
    if {name: array.shape for name, array in answer.items()} != {
        name: array.shape for name, array in expected.items()
    }:
        return float("inf")
    both = [(_flat(answer[name]), _flat(expected[name])) for name in expected]
    if any((a != b).any() for a, b in both if b.dtype.kind != "f"):
        return float("inf")  # whole numbers are equal or wrong
    floats = [(a, b) for a, b in both if b.dtype.kind == "f"]
    size = np.max([np.abs(b).max(1) for _, b in floats], axis=0)
    off = np.max([np.abs(a.astype(np.float64) - b).max(1) for a, b in floats], axis=0)
    return float(np.max(off / np.maximum(size, np.finfo(np.float32).tiny), initial=0.0))


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)
