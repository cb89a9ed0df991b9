"""Measure an export of digits in bfloat16, on the validation images that its training set aside.

    python -m training.digits.precision --export models/repository/digits/1

Expect: under half a minute; the manifest gains what was measured in both precisions, or an error
says why the service must not use bfloat16. Training does the same where the processor can.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from models.manifest import ReducedPrecision
from training.digits.data import DigitData, load_digits
from training.digits.evaluation import score
from training.errors import TrainingError
from training.reduced_precision import Array, Measurement, add_reduced_precision, supported

# Half an image in a thousand.
MAY_LOSE = 0.0005


def measure_precision(folder: Path, data: DigitData) -> ReducedPrecision:
    """Note accuracy and likelihood of the export in ``folder`` in both precisions.

    Raises:
        ExportError: too much is lost, or an answer depends on its batch.
    """
    images = data.validation.images.astype(np.float32)

    def figures(probabilities: Array) -> dict[str, float]:
        scores = score(probabilities.astype(np.float64), data.validation.labels)
        return {
            "accuracy": scores.accuracy,
            "log-likelihood": -scores.negative_log_likelihood,
        }

    measured = Measurement(data=data.name, inputs=[images], figures=figures)
    return add_reduced_precision(folder, "bfloat16", [measured], may_lose=MAY_LOSE)


def main(
    export: Annotated[Path, typer.Option(help="Folder of the export, <name>/<version>.")],
    data: Annotated[Path | None, typer.Option(help="The images that it was trained on.")] = None,
) -> None:
    """Measure, and note it in the manifest."""
    if not supported():
        raise typer.BadParameter("this processor has no bfloat16 instructions")
    try:
        entry = measure_precision(export, load_digits(data, smoke=False))
    except TrainingError as error:
        raise typer.BadParameter(str(error)) from error
    for metric in entry.metrics:
        typer.echo(f"{metric.name}: {metric.value:.6f} {dict(metric.baselines) or ''}")


if __name__ == "__main__":
    typer.run(main)
