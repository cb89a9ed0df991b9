"""Warm-up: run every shape of a pass until its time settles, so that no caller pays for the first.

What is measured on the way tells the batcher what passes cost before the first request comes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from time import perf_counter, thread_time

import numpy as np

from models.manifest import Manifest, Method, TensorSpec
from service.batch import BatchLimits
from service.rows import Array, Run, bucket_of

# TorchScript profiles a graph in its first runs and optimises it in the next.
MIN_ROUNDS = 3
MAX_ROUNDS = 10
SETTLED = 1.15

Shape = tuple[int, int]


@dataclass(slots=True)
class Timing:
    """How long passes of a shape took at their fastest: by the clock, and of the processor."""

    method: str
    rows: int
    length: int
    passes: int = 0
    settled: bool = False
    fastest_s: float = float("inf")
    compute_s: float = float("inf")

    def add(self, seconds: float, compute_s: float) -> None:
        """Take the time of a pass; it settles when it is no faster than before, within 15 %.

        That of the processor: what else runs on the machine would look like being unsettled.
        """
        self.passes += 1
        enough = self.passes >= MIN_ROUNDS and compute_s * SETTLED >= self.compute_s
        self.settled = enough or self.passes >= MAX_ROUNDS
        self.fastest_s = min(self.fastest_s, seconds)
        self.compute_s = min(self.compute_s, compute_s)


def warm_up(
    run: Run,
    manifest: Manifest,
    shapes: Sequence[Shape],
    *,
    max_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Timing]:
    """Run all ``shapes`` (rows, length) of all methods round after round until each has settled.

    It ends after ``max_s`` seconds at the latest; the timings tell what was run by then.
    """
    deadline_s = perf_counter() + max_s
    methods = manifest.all_methods
    timings = [Timing(name, *shape) for shape, name in product(shapes, methods)]
    while open_ones := [timing for timing in timings if not timing.settled]:
        for timing in open_ones:
            if perf_counter() >= deadline_s or stopped():
                return timings
            _run_once(run, methods[timing.method], timing)
    return timings


def _run_once(run: Run, method: Method, timing: Timing) -> None:
    inputs = example_inputs(method, timing.rows, timing.length)
    started_s, computed_s = perf_counter(), thread_time()
    run(inputs, timing.method)
    timing.add(perf_counter() - started_s, thread_time() - computed_s)


def shapes_to_warm(
    limits: BatchLimits, lengths: Sequence[int], *, varies: bool = False
) -> list[Shape]:
    """Powers of two of rows up to a full pass; what is asked most comes first.

    Where the length ``varies``, in the given lengths and in every length bucket between them.
    """
    if varies:
        buckets = range(bucket_of(min(lengths)), bucket_of(max(lengths)))
        lengths = sorted({*lengths, *(2**bucket for bucket in buckets)})
    most = {length: limits.rows_of(bucket_of(length) if varies else 0) for length in lengths}
    rows = list(_powers(max(most.values())))
    return [(n, length) for n, length in product(rows, lengths) if n <= most[length]]


def _powers(limit: int) -> Iterator[int]:
    yield from (2**power for power in range((limit - 1).bit_length()))
    yield limit


def example_inputs(method: Method, rows: int, length: int) -> dict[str, Array]:
    """Inputs of a shape that are valid for every task."""
    return {spec.name: _filled(spec, rows, length) for spec in method.inputs}


def _filled(spec: TensorSpec, rows: int, length: int) -> Array:
    """Small whole numbers for values, zeros for ids, full lengths."""
    sizes = [size if size != -1 else length for size in spec.shape[1:]]
    shape = (rows, *sizes)
    if spec.dtype == "int64":
        return np.full(shape, length if spec.name == "lengths" else 0, dtype=np.int64)
    return (np.arange(np.prod(shape)) % 7).reshape(shape).astype(spec.dtype)
