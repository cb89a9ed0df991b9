"""Measure an export in fewer bits, and note in its manifest that the service may use them.

The weights stay as they are; only the manifest gains ``reduced_precision``.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.export_folder import MANIFEST_FILE, read_manifest
from models.manifest import FORWARD, Metric, ReducedPrecision
from training.errors import ExportError
from training.export import load_frozen

Array = npt.NDArray[Any]
VALIDATION = "validation"
# Golden answers may be off by this much more than the largest difference that was measured.
MARGIN = 2.0
# An answer must not depend on its batch: the same limit as in float32.
ALONE_TOLERANCE = 1e-5
LEAST_TOLERANCE = 1e-4
OFF_NOTE = "of any output, relative to its largest magnitude where that is above 1"
ROWS_A_PASS = 64


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Rows for a method of the graph, and the figures that its answers to them make.

    ``figures`` takes the outputs for all rows and gives figures of which a higher one is better.
    Those of another split than ``VALIDATION`` are noted, but decide nothing.
    """

    data: str
    inputs: Sequence[Array]
    figures: Callable[..., Mapping[str, float]]
    method: str = FORWARD
    split: str = VALIDATION
    note: str = ""


def supported(dtype: str = "bfloat16") -> bool:
    """Whether this processor has the instructions, without which there is nothing to measure."""
    if dtype == "int8":
        return bool(torch.cpu._is_vnni_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def add_reduced_precision(
    folder: Path, dtype: str, measurements: Sequence[Measurement], *, may_lose: float
) -> ReducedPrecision:
    """Run the export in both precisions and note what that changed.

    Raises:
        ExportError: a figure on validation data falls by more than ``may_lose``, or an answer
            depends on the batch that it is in.
    """
    full, reduced = _Graph(folder, "float32"), _Graph(folder, dtype)
    metrics, off = list[Metric](), 0.0
    for each in measurements:
        before, after = full.answers(each), reduced.answers(each)
        _check_alone(folder, reduced, each, after)
        metrics += _compared(folder, each, each.figures(*before), each.figures(*after), may_lose)
        off = max(off, _apart(after, before))
    first = measurements[0]
    metrics.append(Metric("largest difference", first.data, first.split, off, note=OFF_NOTE))
    entry = ReducedPrecision(dtype, max(round(MARGIN * off, 4), LEAST_TOLERANCE), tuple(metrics))
    _note(folder, entry)
    return entry


class _Graph:
    """The graph of an export, run as the service would run it in a precision."""

    def __init__(self, folder: Path, dtype: str) -> None:
        self._graph = load_frozen(folder, int8=dtype == "int8")
        self._half = dtype == "bfloat16"

    def answers(self, measurement: Measurement) -> list[Array]:
        """All outputs for all rows."""
        inputs, n_rows = measurement.inputs, len(measurement.inputs[0])
        passes = [
            self.run(measurement.method, [array[start : start + ROWS_A_PASS] for array in inputs])
            for start in range(0, n_rows, ROWS_A_PASS)
        ]
        return [np.concatenate(parts) for parts in zip(*passes, strict=True)]

    def run(self, method: str, rows: Sequence[Array]) -> list[Array]:
        """One pass."""
        tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in rows]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            returned = getattr(self._graph, method)(*tensors)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        return [(out.float() if out.is_floating_point() else out).numpy() for out in outputs]


def _check_alone(
    folder: Path, graph: _Graph, measurement: Measurement, together: Sequence[Array]
) -> None:
    """A row alone, and as the last of every size of batch up to a full pass."""
    for size in range(1, min(ROWS_A_PASS, len(together[0])) + 1):
        answers = graph.run(measurement.method, [array[:size] for array in measurement.inputs])
        off = _apart(answers, [array[:size] for array in together])
        if off > ALONE_TOLERANCE:
            raise ExportError(f"{folder}: answers differ by {off:.2g} between sizes of batches")


def _apart(given: Sequence[Array], right: Sequence[Array]) -> float:
    """The largest difference, counted as that of golden answers; names of words have none."""
    return max(
        float(np.abs(one - other).max()) / max(1.0, float(np.abs(other).max()))
        for one, other in zip(given, right, strict=True)
        if one.dtype.kind == "f"
    )


def _compared(
    folder: Path,
    measurement: Measurement,
    before: Mapping[str, float],
    after: Mapping[str, float],
    may_lose: float,
) -> list[Metric]:
    data, split, note = measurement.data, measurement.split, measurement.note
    for name, value in before.items():
        if split == VALIDATION and value - after[name] > may_lose:
            raise ExportError(f"{folder}: {name} falls from {value:.6f} to {after[name]:.6f}")
    return [
        Metric(name, data, split, after[name], {"float32": value}, note)
        for name, value in before.items()
    ]


def _note(folder: Path, entry: ReducedPrecision) -> None:
    manifest = replace(read_manifest(folder), reduced_precision=entry)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as stream:
        stream.write(manifest.to_json())
    os.chmod(stream.name, 0o644)
    os.replace(stream.name, folder / MANIFEST_FILE)
