"""Exports of digits in fewer bits: int8 where the network can, else bfloat16.

    python -m training.digits.precision --export models/repository/digits/1

Expect: under half a minute; the manifest gains what was measured in both precisions, or an error
says why the service must not use the other one. Training does the same where the processor can.
"""

import contextlib
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from models.export_folder import read_manifest
from models.int8_conversion import computes_in_bytes
from models.int8_reader import Int8Reader, RowProbabilitiesEitherWay
from models.manifest import INT8_SWITCH, ReducedPrecision
from models.row_classifier import RowClassifier, RowProbabilities
from training.digits.data import DigitData, load_digits
from training.digits.evaluation import score
from training.digits.refit import LEARNED_NOTE
from training.draft import Draft
from training.errors import ExportError, TrainingError
from training.export import load_graph, write_export
from training.reduced_precision import Array, Measurement, add_reduced_precision, supported

# Half an image in a thousand.
MAY_LOSE = 0.0005
# Training images whose responses say what a level of a byte stands for.
_TYPICAL = 4000


def write_measured(
    reader: RowProbabilities, draft: Draft, repository: Path, data: DigitData
) -> Path:
    """Write the export, and let the service use fewer bits where that was measured to cost nothing.

    Raises:
        ExportError: the scripted graph does not answer as the network does.
    """
    folder = write_export(_either_way(reader, data) or reader, draft, repository)
    with contextlib.suppress(ExportError):  # then the service computes in float32
        measure_precision(folder, data)
    return folder


def _either_way(reader: RowProbabilities, data: DigitData) -> RowProbabilitiesEitherWay | None:
    network = reader.classifier
    images = torch.from_numpy(data.training.images[:_TYPICAL].copy())
    assert isinstance(network, RowClassifier)  # noqa: S101  for the type checker
    if not (supported("int8") and computes_in_bytes(network, images.size(2))):
        return None
    in_bytes = Int8Reader(network, images)
    return RowProbabilitiesEitherWay(
        network, in_bytes, temperature=reader.temperature, n_views=reader.n_views
    )


def measure_precision(folder: Path, data: DigitData) -> ReducedPrecision:
    """Note accuracy and likelihood of the export in ``folder`` in both precisions.

    Both answer the same images, so it does not matter whether a refit has learned from them.

    Raises:
        ExportError: too much is lost, an answer depends on its batch, or the processor lacks the
            instructions.
    """
    dtype = _dtype_of(folder)
    if not supported(dtype):
        raise ExportError(f"{folder}: this processor has no instructions for {dtype}")
    images = data.validation.images.astype(np.float32)

    def figures(probabilities: Array) -> dict[str, float]:
        scores = score(probabilities.astype(np.float64), data.validation.labels)
        return {
            "accuracy": scores.accuracy,
            "log-likelihood": -scores.negative_log_likelihood,
        }

    note = LEARNED_NOTE if "refit" in read_manifest(folder).training else ""
    measured = Measurement(data=data.name, inputs=[images], figures=figures, note=note)
    return add_reduced_precision(folder, dtype, [measured], may_lose=MAY_LOSE)


def _dtype_of(folder: Path) -> str:
    either_way = any(hasattr(module, INT8_SWITCH) for module in load_graph(folder).modules())
    return "int8" if either_way else "bfloat16"


def main(
    export: Annotated[Path, typer.Option(help="Folder of the export, <name>/<version>.")],
    data: Annotated[Path | None, typer.Option(help="The images that it was trained on.")] = None,
) -> None:
    """Measure, and note it in the manifest."""
    try:
        entry = measure_precision(export, load_digits(data, smoke=False))
    except TrainingError as error:
        raise typer.BadParameter(str(error)) from error
    for metric in entry.metrics:
        typer.echo(f"{metric.name}: {metric.value:.6f} {dict(metric.baselines) or ''}")


if __name__ == "__main__":
    typer.run(main)
