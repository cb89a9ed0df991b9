"""How well intervals hold beyond one shot, for several choices of the paths that are fed back.

    python -m benchmarks.quality.far_horizon

On long series of the training pool, whose last steps are held back: not a figure of quality, but a
fair comparison of ways to feed back (docs/decisions/0010-far-horizons.md). Expect: ten seconds.
"""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from models.export_folder import read_manifest
from service.rows import Array, Rows
from service.runtime import TorchScriptModel
from service.tasks import paths
from service.tasks.forecast import ForecastTask
from service.tasks.forecast_api import ForecastRequest

CHOICES: tuple[tuple[float, ...], ...] = ((0.5,), (0.1, 0.5, 0.9), (0.1, 0.3, 0.5, 0.7, 0.9))
STEPS, FROM_STEP = 192, 64
SHORTEST, LONGEST = 200, 5000
ROWS_A_PASS = 64

Values = npt.NDArray[np.float64]


def long_series(path: Path, count: int) -> list[list[float | None]]:
    """The first series that are long enough and known throughout the steps held back."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        every = (json.loads(line)["values"][-LONGEST:] for line in stream)
        fit = [v for v in every if len(v) >= STEPS + SHORTEST and None not in v[-STEPS:]]
    return fit[:count]


def far_forecasts(export: Path, pasts: list[list[float | None]]) -> dict[str, Values]:
    """Quantiles by name, (B, STEPS) each, as the service answers them."""
    manifest = read_manifest(export)
    model, task = TorchScriptModel(export, manifest), ForecastTask(manifest, export)

    async def submit(rows: Rows) -> dict[str, Array]:
        passes = [
            model.run({name: array[at : at + ROWS_A_PASS] for name, array in rows.inputs.items()})
            for at in range(0, len(rows), ROWS_A_PASS)
        ]
        return {name: np.concatenate([each[name] for each in passes]) for name in passes[0]}

    request = ForecastRequest(series=pasts, horizon=STEPS, quantiles=[0.1, 0.5, 0.9])
    forecasts = asyncio.run(task.answer(request, submit))["forecasts"]
    return {
        name: np.stack([np.asarray(each["quantiles"][name], np.float64) for each in forecasts])
        for name in ("0.1", "0.5", "0.9")
    }


def measure(found: dict[str, Values], truth: Values, unit: Values) -> tuple[float, float, float]:
    """Share inside the 80 % interval; medians of the scaled error and of the pinball loss."""
    late = slice(FROM_STEP, None)
    inside = (truth >= found["0.1"]) & (truth <= found["0.9"])
    error = np.abs(truth - found["0.5"])[:, late].mean(axis=1) / unit
    losses = [
        2 * np.maximum(float(q) * (truth - x), (float(q) - 1) * (truth - x))[:, late].mean(axis=1)
        for q, x in found.items()
    ]
    loss = np.sum(losses, axis=0) / unit
    return float(inside[:, late].mean()), float(np.median(error)), float(np.median(loss))


def main(
    export: Annotated[Path, typer.Option(help="Folder of the export.")] = Path(
        "models/repository/forecaster/1"
    ),
    data: Annotated[Path, typer.Option(help="The pool of series.")] = Path(
        "../shared/data/series/pool.jsonl.gz"
    ),
    count: Annotated[int, typer.Option(help="Series to use.")] = 160,
) -> None:
    """Compare the choices of paths on steps 65 to 192."""
    series = long_series(data, count)
    pasts = [values[:-STEPS] for values in series]
    truth = np.array([values[-STEPS:] for values in series], dtype=np.float64)
    known = [np.array([v for v in past if v is not None], dtype=np.float64) for past in pasts]
    unit = np.array([max(float(np.abs(np.diff(past)).mean()), 1e-9) for past in known])
    table = Table("paths fed back", "inside the 80 % interval", "error", "pinball loss")
    for choice in CHOICES:
        paths.PATHS = choice
        figures = measure(far_forecasts(export, pasts), truth, unit)
        table.add_row(" ".join(map(str, choice)), *(f"{figure:.3f}" for figure in figures))
    Console(width=100).print(f"{len(series)} series", table)


if __name__ == "__main__":
    typer.run(main)
