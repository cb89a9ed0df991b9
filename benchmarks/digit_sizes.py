"""What row classifiers of other sizes would cost: untrained networks, served passes.

    python -m benchmarks.digit_sizes

Processor time on one thread, every size in turn, the fastest of ``--rounds`` counts. Expect: some
minutes. Only ratios within one run mean anything.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from models.export_folder import read_manifest
from models.manifest import TensorSpec
from models.row_classifier import RowClassifier, RowClassifierSizes, RowProbabilities
from service.runtime import TorchScriptModel, computes_in
from training.draft import Draft
from training.export import write_export

SIDE, N_CLASSES = 28, 10
BATCHES = (1, 32, 64)
SIZES: Mapping[str, RowClassifierSizes] = {
    "as shipped": RowClassifierSizes(),
    "hidden 64": RowClassifierSizes(hidden_size=64),
    "hidden 128": RowClassifierSizes(hidden_size=128),
    "two layers": RowClassifierSizes(n_layers=2),
    "one direction": RowClassifierSizes(bidirectional=False),
    "LSTM": RowClassifierSizes(cell="lstm"),
    "LSTM, hidden 64": RowClassifierSizes(cell="lstm", hidden_size=64),
    "GRU": RowClassifierSizes(cell="gru"),
    "8 filters": RowClassifierSizes(n_filters=8),
    "24 filters": RowClassifierSizes(n_filters=24),
    "raw bands of 5 rows, every 2": RowClassifierSizes(n_filters=0, n_neighbours=2, row_step=2),
    "LSTM, raw bands of 5, every 2": RowClassifierSizes(
        cell="lstm", hidden_size=128, n_filters=0, n_neighbours=2, row_step=2
    ),
}


@dataclass(frozen=True)
class Cost:
    """Parameters, and microseconds an image by rows of a pass, in each precision."""

    name: str
    n_parameters: int
    float32_us: dict[int, float]
    bfloat16_us: dict[int, float]


def measure(sizes: Mapping[str, RowClassifierSizes], folder: Path, *, rounds: int) -> list[Cost]:
    """One round is every network once in each way, so that a busy moment hits all alike."""
    exports = {name: _export(size, folder) for name, size in sizes.items()}
    halves = (False, True) if computes_in("bfloat16") else (False,)
    models = {
        (name, half): TorchScriptModel(
            export, read_manifest(export), reduced="bfloat16" if half else None
        )
        for name, (export, _) in exports.items()
        for half in halves
    }
    fastest = {(*which, rows): float("inf") for which in models for rows in BATCHES}
    for _ in range(rounds):
        for (name, half), model in models.items():
            for rows in BATCHES:
                spent = _seconds(model, rows)
                fastest[name, half, rows] = min(fastest[name, half, rows], spent)
    return [
        Cost(
            name,
            n_parameters,
            {rows: 1e6 * fastest[name, False, rows] / rows for rows in BATCHES},
            {rows: 1e6 * fastest[name, True, rows] / rows for rows in BATCHES if len(halves) > 1},
        )
        for name, (_, n_parameters) in exports.items()
    ]


def _export(sizes: RowClassifierSizes, folder: Path) -> tuple[Path, int]:
    torch.manual_seed(0)
    network = RowProbabilities(RowClassifier(sizes))
    draft = Draft(
        name="sized",
        task="classify",
        inputs=(TensorSpec("images", "float32", (-1, SIDE, SIDE), ("batch", "row", "column")),),
        outputs=(TensorSpec("probabilities", "float32", (-1, N_CLASSES), ("batch", "class")),),
        parameters={},
        golden=[{"images": np.zeros((2, SIDE, SIDE), np.float32)}],
        metrics=[],
        training={},
        data=[],
        licence="",
        report_html="",
    )
    export = write_export(network, draft, folder)
    return export, sum(parameter.numel() for parameter in network.parameters())


def _seconds(model: TorchScriptModel, rows: int) -> float:
    images = np.random.default_rng(0).uniform(0, 255, (rows, SIDE, SIDE)).astype(np.float32)
    started_s = thread_time()
    model.run({"images": images})
    return thread_time() - started_s


def as_table(costs: list[Cost]) -> Table:
    """Microseconds an image, and how many times as fast as the first network at 64 rows."""
    table = Table("network", "parameters", title="processor time of a pass, us an image")
    for rows in BATCHES:
        table.add_column(f"{rows} float32 / bfloat16", justify="right")
    table.add_column("64 rows, times as fast", justify="right")
    first = costs[0]
    for cost in costs:
        cells = [_both(cost, rows) for rows in BATCHES]
        gain = f"{first.float32_us[64] / cost.float32_us[64]:.2f}"
        if cost.bfloat16_us:
            gain += f" / {first.bfloat16_us[64] / cost.bfloat16_us[64]:.2f}"
        table.add_row(cost.name, f"{cost.n_parameters:,}", *cells, gain)
    return table


def _both(cost: Cost, rows: int) -> str:
    half = f" / {cost.bfloat16_us[rows]:.0f}" if cost.bfloat16_us else ""
    return f"{cost.float32_us[rows]:.0f}{half}"


def main(
    rounds: Annotated[int, typer.Option(help="Passes of each; the fastest counts.")] = 60,
) -> None:
    """Time row classifiers of other sizes beside the shipped one."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(SIZES, Path(folder), rounds=rounds)
    Console(width=120).print(as_table(costs))


if __name__ == "__main__":
    typer.run(main)
