"""Warm-up: run every batch shape until its time settles, so that no caller pays for the first."""

from collections.abc import Callable, Sequence
from itertools import product
from time import perf_counter

import numpy as np

from models.manifest import Manifest, Method, TensorSpec
from service.rows import Array, Run

# TorchScript profiles a graph in its first runs and optimises it in the next.
MIN_ROUNDS = 3
MAX_ROUNDS = 10
SETTLED = 1.15

Shape = tuple[int, int]


def warm_up(
    run: Run,
    manifest: Manifest,
    shapes: Sequence[Shape],
    *,
    max_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Run all ``shapes`` (rows, length) of all methods round after round; return how many passes.

    It ends when a round is no longer faster than the fastest before, within 15 %, or after
    ``max_s`` seconds.
    """
    deadline_s = perf_counter() + max_s
    fastest_s, passes = float("inf"), 0
    for completed in range(MAX_ROUNDS):
        started_s = perf_counter()
        for method, (rows, length) in product(manifest.all_methods.items(), shapes):
            if perf_counter() >= deadline_s or stopped():
                return passes
            run(_inputs(method[1], rows, length), method[0])
            passes += 1
        round_s = perf_counter() - started_s
        if completed + 1 >= MIN_ROUNDS and round_s * SETTLED >= fastest_s:
            break
        fastest_s = min(fastest_s, round_s)
    return passes


def shapes_to_warm(max_rows: int, lengths: Sequence[int]) -> list[Shape]:
    """A lone row and a full batch, in every length; what is asked most comes first."""
    return list(product((1, max_rows), lengths))


def _inputs(method: Method, rows: int, length: int) -> dict[str, Array]:
    return {spec.name: _filled(spec, rows, length) for spec in method.inputs}


def _filled(spec: TensorSpec, rows: int, length: int) -> Array:
    """Small whole numbers for values, zeros for ids, full lengths: valid for every task."""
    sizes = [size if size != -1 else length for size in spec.shape[1:]]
    shape = (rows, *sizes)
    if spec.dtype == "int64":
        return np.full(shape, length if spec.name == "lengths" else 0, dtype=np.int64)
    return (np.arange(np.prod(shape)) % 7).reshape(shape).astype(spec.dtype)
