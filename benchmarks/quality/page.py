"""``report.html`` and ``quality.json`` of a run."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.quality.figures import Table
from training.report import Report


def write(tables: Mapping[str, Sequence[Table]], folder: Path, skipped: Mapping[str, str]) -> None:
    """Everything measured so far, by part; ``skipped`` says which parts were not, and why."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {part: [table.as_json() for table in some] for part, some in tables.items()}
    whole = {"measured": _now(), "parts": parts, "skipped": dict(skipped)}
    text = json.dumps(_finite(whole), indent=2, allow_nan=False)
    (folder / "quality.json").write_text(text + "\n", encoding="utf-8")
    (folder / "report.html").write_text(page(tables, skipped), encoding="utf-8")


def page(tables: Mapping[str, Sequence[Table]], skipped: Mapping[str, str]) -> str:
    """One self-contained page; what missed its bound is said first."""
    every = [table for some in tables.values() for table in some]
    verdicts = [row.holds() for table in every for row in table.rows]
    summary = (
        f"{verdicts.count(True)} figures are as asked, {verdicts.count(False)} are not; "
        f"measured {_now()} through a running service."
    )
    report = Report("Quality of the served models", summary)
    missed = [
        (table.title, row.figure, format(row.here, table.form), table.cells(row)[-1])
        for table in every
        for row in table.rows
        if row.holds() is False
    ]
    if missed:
        report.table("What is not reached", ("table", "figure", "here", "asked"), missed)
    for part, why in skipped.items():
        report.text(f"Not measured: {part}", why)
    for table in every:
        cells = [table.cells(row) for row in table.rows]
        report.table(table.title, table.header(), cells, f"{table.note}\n{table.command}".strip())
        if table.plot is not None:
            report.figure(f"{table.title}, plotted", table.plot)
    return report.render()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value
