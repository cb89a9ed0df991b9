"""The comparison as a table, a plot, and a page."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from training.compare.measure import Measured
from training.compare.request import CompareRequest
from training.compare.subjects import Field
from training.report import Report, new_figure, plot_style

PROCEDURE = (
    "Every cell was trained alike; then all were timed in turns, and the fastest time of each is "
    "shown, in processor time: a whole training step, and a pass of the exported graph."
)


def header(field: Field) -> tuple[str, ...]:
    """Names of the columns."""
    passes = (f"pass, 1 {field.row} [ms]", f"pass, 32 {field.rows} [ms]")
    return ("cell", "parameters", f"validation {field.label}", "training step [ms]", *passes)


def cells(row: Measured) -> tuple[str, ...]:
    """A row as text."""
    times = (row.step_ms, row.latency_ms[1], row.latency_ms[32])
    return (row.cell, f"{row.n_parameters:,}", f"{row.metric:.4f}", *(f"{t:.2f}" for t in times))


def as_markdown(field: Field, rows: Sequence[Measured]) -> str:
    """The table for a document."""
    lines = ["| " + " | ".join(header(field)) + " |", "|---" * len(header(field)) + "|"]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def draw(field: Field, rows: Sequence[Measured]) -> Figure:
    """What each cell learned over the steps, and what its step and its pass cost."""
    with plot_style():
        figure = new_figure(9.0, 3.4)
        learning, costs = figure.subplots(1, 2)
        for row in rows:
            learning.plot(*row.curve, marker=".", label=row.cell)
        learning.set(xlabel="step", ylabel=f"validation {field.label}")
        learning.legend()
        names = ("training step", f"32 {field.rows}", f"1 {field.row}")
        for place, name in enumerate(names):
            times = [(row.step_ms, row.latency_ms[32], row.latency_ms[1])[place] for row in rows]
            at = [number + (place - 1) * 0.27 for number in range(len(rows))]
            costs.bar(at, times, width=0.25, label=name)
        costs.set_xticks(range(len(rows)), [row.cell for row in rows], fontsize=8, rotation=20)
        costs.set(ylabel="milliseconds", yscale="log")
        costs.set_ylim(top=costs.get_ylim()[1] * 8)  # room for the legend
        costs.legend()
    return figure


def build_page(
    request: CompareRequest, field: Field, rows: Sequence[Measured], figure: Figure
) -> str:
    """The whole comparison on one page."""
    best = (max if field.higher_is_better else min)(rows, key=lambda row: row.metric)
    quickest = min(rows, key=lambda row: row.latency_ms[1])
    summary = (
        f"Best validation {field.label}: {best.cell} with {best.metric:.4f}. "
        f"Quickest to answer one {field.row}: {quickest.cell}, {quickest.latency_ms[1]:.2f} ms."
    )
    settings = {
        name: str(value) for name, value in vars(request).items() if name not in ("folder", "data")
    }
    return (
        Report(f"Recurrent cells compared: {request.family}", summary)
        .table("Table", header(field), [cells(row) for row in rows], PROCEDURE)
        .figure("Plot", figure)
        .settings("Settings", settings)
        .render()
    )
