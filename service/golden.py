"""Golden examples: inputs with the answers that the network gave before it was exported."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.export_folder import GOLDEN_FILE
from models.manifest import FORWARD, Manifest, TensorSpec
from service.errors import ExportBroken, PredictError
from service.rows import Array, Arrays, Run


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs of a method of the graph, and the outputs that they must give."""

    method: str
    inputs: Arrays
    outputs: Arrays


def check_golden(
    run: Run, manifest: Manifest, folder: Path, *, tolerance: float | None = None
) -> None:
    """Compare the answers of ``run`` with the golden ones.

    The tolerance counts relative to the largest magnitude of an output, absolute below 1. It is
    that of golden.json, unless another is given.

    Raises:
        ExportBroken: an answer differs by more than the tolerance, the examples make no sense, or
            a method has none.
    """
    path = folder / GOLDEN_FILE
    try:
        golden = json.loads(path.read_bytes())
        allowed = float(golden["tolerance"]) if tolerance is None else tolerance
        examples = [_example(raw, manifest) for raw in golden["examples"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportBroken(f"{path}: not golden examples: {error!r}") from error
    for method in manifest.all_methods:
        if method not in {example.method for example in examples}:
            raise ExportBroken(f"{path}: holds no example of {method!r}")
    for example in examples:
        _check_example(run, example, allowed, path)


def _example(raw: Mapping[str, Any], manifest: Manifest) -> Example:
    name = raw.get("method", FORWARD)
    method = manifest.all_methods[name]
    return Example(
        name, _arrays(raw["inputs"], method.inputs), _arrays(raw["outputs"], method.outputs)
    )


def _arrays(nested: Mapping[str, Any], specs: Sequence[TensorSpec]) -> dict[str, Array]:
    return {spec.name: np.array(nested[spec.name], dtype=spec.dtype) for spec in specs}


def _check_example(run: Run, example: Example, tolerance: float, path: Path) -> None:
    try:
        answer = run(example.inputs, example.method)
    except (RuntimeError, PredictError) as error:
        raise ExportBroken(f"{path}: the model fails on an example: {error}") from error
    for name, array in example.outputs.items():
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
