"""Measure an export in bfloat16, and note in its manifest that the service may use it.

The weights stay as they are; only the manifest gains ``reduced_precision``.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.manifest import MANIFEST_FILE, Metric, ReducedPrecision, read_manifest
from training.errors import ExportError
from training.export import load_graph

Array = npt.NDArray[Any]
Measure = Callable[[Array], Mapping[str, float]]

# Golden answers may be off by this much more than the largest difference that was measured.
MARGIN = 2.0
# An answer must not depend on its batch: the same limit as in float32.
ALONE_TOLERANCE = 1e-5
ROWS_A_PASS = 64


def supported() -> bool:
    """Whether this processor has the instructions, without which there is nothing to measure."""
    return bool(torch.cpu._is_avx512_bf16_supported())


def add_reduced_precision(
    folder: Path, inputs: Sequence[Array], measure: Measure, *, data: str, may_lose: float
) -> ReducedPrecision:
    """Run the export on validation ``inputs`` in both precisions and note what that changed.

    ``measure`` turns the first output for all rows into figures of which a higher one is better;
    none may fall by more than ``may_lose``.

    Raises:
        ExportError: a figure falls by more, or an answer depends on the batch that it is in.
    """
    full, reduced = _answers(folder, inputs, half=False), _answers(folder, inputs, half=True)
    _check_alone(folder, inputs, reduced)
    before, after = measure(full), measure(reduced)
    for name, value in before.items():
        if value - after[name] > may_lose:
            raise ExportError(f"{folder}: {name} falls from {value:.6f} to {after[name]:.6f}")
    off = float(np.abs(full - reduced).max())
    metrics = [
        Metric(name, data, "validation", after[name], {"float32": value})
        for name, value in before.items()
    ]
    metrics.append(Metric("largest difference", data, "validation", off, note="of any output"))
    entry = ReducedPrecision("bfloat16", round(MARGIN * off, 4) or 1e-4, tuple(metrics))
    _note(folder, entry)
    return entry


def _answers(folder: Path, inputs: Sequence[Array], *, half: bool) -> Array:
    graph = load_graph(folder)
    starts = range(0, len(inputs[0]), ROWS_A_PASS)
    passes = [[array[start : start + ROWS_A_PASS] for array in inputs] for start in starts]
    return np.concatenate([_first_output(graph, rows, half) for rows in passes])


def _first_output(graph: Any, rows: Sequence[Array], half: bool) -> Array:
    tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in rows]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        returned = graph(*tensors)
    first = returned[0] if isinstance(returned, tuple) else returned
    answers: Array = first.float().numpy()
    return answers


def _check_alone(folder: Path, inputs: Sequence[Array], together: Array) -> None:
    """A row alone, and as the last of every size of batch up to a full pass."""
    graph = load_graph(folder)
    for size in range(1, min(ROWS_A_PASS, len(together)) + 1):
        answers = _first_output(graph, [array[:size] for array in inputs], half=True)
        off = float(np.abs(answers - together[:size]).max())
        if off > ALONE_TOLERANCE:
            raise ExportError(f"{folder}: answers differ by {off:.2g} between sizes of batches")


def _note(folder: Path, entry: ReducedPrecision) -> None:
    manifest = replace(read_manifest(folder), reduced_precision=entry)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as stream:
        stream.write(manifest.to_json())
    os.chmod(stream.name, 0o644)
    os.replace(stream.name, folder / MANIFEST_FILE)
