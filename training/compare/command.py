"""``seqserve train compare``: train, time, write; or the demonstration of gradients."""

import dataclasses
import json

import torch
from rich.console import Console
from rich.table import Table

from training.compare import page
from training.compare.gradients import demonstrate
from training.compare.measure import compare
from training.compare.request import CompareRequest


def run(request: CompareRequest) -> None:
    """Compare the cells, or with ``--gradients`` show what happens to their gradients.

    Raises:
        DataError: a cell is unknown, or the data makes no sense.
        Interrupted: Ctrl-C or SIGTERM.
    """
    torch.set_num_threads(request.threads)
    request.folder.mkdir(parents=True, exist_ok=True)
    if request.gradients:
        demonstrate(request)
        written = "gradients.png, gradients.json"
    else:
        _compare(request)
        written = "results.json, table.md, cells.png, report.html"
    Console(stderr=True).print(f"written to {request.folder}: {written}", highlight=False)


def _compare(request: CompareRequest) -> None:
    field, rows = compare(request)
    figure = page.draw(field, rows)
    figure.savefig(request.folder / "cells.png", dpi=90)
    values = {"family": request.family, "metric": field.metric}
    table = [dataclasses.asdict(row) for row in rows]
    files = {
        "results.json": json.dumps(values | {"cells": table}, indent=2) + "\n",
        "table.md": page.as_markdown(field, rows),
        "report.html": page.build_page(request, field, rows, figure),
    }
    for name, content in files.items():
        (request.folder / name).write_text(content, encoding="utf-8")
    shown = Table(*page.header(field), title=f"Recurrent cells: {request.family}")
    for row in rows:
        shown.add_row(*page.cells(row))
    Console().print(shown)
