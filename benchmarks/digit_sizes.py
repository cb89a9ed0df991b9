"""What row classifiers of other sizes would cost: untrained networks, passes of one view.

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
from models.int8_conversion import computes_in_bytes
from models.int8_reader import Int8Reader, RowProbabilitiesEitherWay
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
    """Parameters, and microseconds an image by rows of a pass, in float32 and in fewer bits."""

    name: str
    n_parameters: int
    reduced: str | None
    float32_us: dict[int, float]
    reduced_us: dict[int, float]


def measure(sizes: Mapping[str, RowClassifierSizes], folder: Path, *, rounds: int) -> list[Cost]:
    """One round is every network once in each way, so that a busy moment hits all alike."""
    exports = {name: _export(size, folder) for name, size in sizes.items()}
    models = {
        (name, dtype): TorchScriptModel(folder, read_manifest(folder), reduced=dtype)
        for name, (folder, _, reduced) in exports.items()
        for dtype in {None, reduced}
    }
    fastest = {(*which, rows): float("inf") for which in models for rows in BATCHES}
    for _ in range(rounds):
        for which, model in models.items():
            for rows in BATCHES:
                fastest[*which, rows] = min(fastest[*which, rows], _seconds(model, rows))

    def per_image(name: str, dtype: str | None) -> dict[int, float]:
        return {rows: 1e6 * fastest[name, dtype, rows] / rows for rows in BATCHES}

    return [
        Cost(name, n_parameters, reduced, per_image(name, None), per_image(name, reduced))
        for name, (_, n_parameters, reduced) in exports.items()
    ]


def _export(sizes: RowClassifierSizes, folder: Path) -> tuple[Path, int, str | None]:
    """Its folder, its parameters, and what it computes in where that may be something else."""
    torch.manual_seed(0)
    classifier = RowClassifier(sizes).eval()
    network, reduced = _either_way(classifier)
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
    n_parameters = sum(parameter.numel() for parameter in classifier.parameters())
    return write_export(network, draft, folder), n_parameters, reduced


def _either_way(classifier: RowClassifier) -> tuple[torch.nn.Module, str | None]:
    if computes_in("int8") and computes_in_bytes(classifier, SIDE):
        reader = Int8Reader(classifier, 255.0 * torch.rand(100, SIDE, SIDE))
        return RowProbabilitiesEitherWay(classifier, reader, temperature=1.0), "int8"
    return RowProbabilities(classifier), "bfloat16" if computes_in("bfloat16") else None


def _seconds(model: TorchScriptModel, rows: int) -> float:
    images = np.random.default_rng(0).uniform(0, 255, (rows, SIDE, SIDE)).astype(np.float32)
    started_s = thread_time()
    model.run({"images": images})
    return thread_time() - started_s


def as_table(costs: list[Cost]) -> Table:
    """Microseconds an image, and how many times as fast as the first network at 64 rows."""
    table = Table(
        "network", "parameters", "fewer bits", title="processor time of a pass, us an image"
    )
    for rows in BATCHES:
        table.add_column(f"{rows} float32 / fewer bits", justify="right")
    table.add_column("64 rows, times as fast", justify="right")
    first = costs[0]
    for cost in costs:
        cells = [_both(cost, rows) for rows in BATCHES]
        gain = f"{first.float32_us[64] / cost.float32_us[64]:.2f}"
        if cost.reduced:
            gain += f" / {first.reduced_us[64] / cost.reduced_us[64]:.2f}"
        table.add_row(cost.name, f"{cost.n_parameters:,}", cost.reduced or "", *cells, gain)
    return table


def _both(cost: Cost, rows: int) -> str:
    reduced = f" / {cost.reduced_us[rows]:.0f}" if cost.reduced else ""
    return f"{cost.float32_us[rows]:.0f}{reduced}"


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
