"""``python -m benchmarks.cells``: the hand-written cells beside the fused ones, as a table."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from benchmarks.cells.measure import measure
from benchmarks.cells.table import as_table


def main(
    hidden_size: Annotated[int, typer.Option(help="Hidden units.")] = 64,
    repeats: Annotated[int, typer.Option(help="Rounds; the fastest of each counts.")] = 60,
    output: Annotated[Path, typer.Option(help="File for the figures as JSON.")] = Path(
        "build/cells.json"
    ),
) -> None:
    """Time a digit of 28 rows through each cell on one thread, every cell in turn.

    Passes are those of exports, loaded as the service loads them.
    """
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), hidden_size=hidden_size, repeats=repeats)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps([vars(cost) for cost in costs], indent=2) + "\n")
    Console().print(as_table(costs))


if __name__ == "__main__":
    typer.run(main)
