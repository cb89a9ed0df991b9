"""Golden examples: inputs with the answers that the network gave before it was exported."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.manifest import GOLDEN_FILE, Manifest, TensorSpec
from service.errors import ExportBroken, PredictError
from service.rows import Array, Arrays


def check_golden(run: Callable[[Arrays], Arrays], manifest: Manifest, folder: Path) -> None:
    """Compare the answers of ``run`` with the golden ones.

    The tolerance counts relative to the largest magnitude of an output, absolute below 1.

    Raises:
        ExportBroken: an answer differs by more than the tolerance, or the examples make no sense.
    """
    path = folder / GOLDEN_FILE
    try:
        golden = json.loads(path.read_bytes())
        tolerance = float(golden["tolerance"])
        examples = [
            (_arrays(example["inputs"], manifest.inputs), example["outputs"])
            for example in golden["examples"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportBroken(f"{path}: not golden examples: {error!r}") from error
    if not examples:
        raise ExportBroken(f"{path}: holds no example")
    for inputs, outputs in examples:
        _check_example(run, inputs, _arrays(outputs, manifest.outputs), tolerance, path)


def _arrays(nested: Mapping[str, Any], specs: Sequence[TensorSpec]) -> dict[str, Array]:
    return {spec.name: np.array(nested[spec.name], dtype=spec.dtype) for spec in specs}


def _check_example(
    run: Callable[[Arrays], Arrays], inputs: Arrays, expected: Arrays, tolerance: float, path: Path
) -> None:
    try:
        answer = run(inputs)
    except (RuntimeError, PredictError) as error:
        raise ExportBroken(f"{path}: the model fails on an example: {error}") from error
    for name, array in expected.items():
        scale = max(1.0, float(np.nanmax(np.abs(array), initial=0.0)))
        off = _largest_difference(answer[name], array)
        if not off <= tolerance * scale:
            raise ExportBroken(
                f"{path}: model.pt does not reproduce {name!r}: off by {off:.3g}, allowed is "
                f"{tolerance * scale:.3g}"
            )


def _largest_difference(actual: Array, expected: Array) -> float:
    if actual.shape != expected.shape:
        return float("inf")
    both_missing = np.isnan(actual) & np.isnan(expected)
    difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    return float(np.max(np.where(both_missing, 0.0, difference), initial=0.0))
