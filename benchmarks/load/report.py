"""Tables for people, a plot for the docs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load.requirements import Check

Results = dict[str, Any]

COLUMNS = {
    "factor": "x capacity",
    "offered_per_s": "offered/s",
    "goodput_per_s": "goodput/s",
    "accepted_p50_ms": "accepted p50 ms",
    "accepted_p99_ms": "p99 ms",
    "refused_share": "refused",
    "refused_p50_ms": "refused p50 ms",
    "too_late_share": "504",
    "never_sent_share": "gave up",
    "other_share": "other",
    "service_processors": "processors",
    "generator_processors": "of clients",
    "memory_mb": "MB",
}
SCENARIOS = ("obeying", "storm", "poison", "dripping", "idle", "soak")


def show(results: Results, found: list[Check]) -> None:
    """Print all that was measured."""
    console = Console(width=160)
    for name, part in results.get("ladders", {}).items():
        title = f"{name}: capacity {part['capacity_per_s']:,.0f}/s"
        table = Table(*COLUMNS.values(), title=title)
        for row in part["rows"]:
            table.add_row(*(_shown(column, row[column]) for column in COLUMNS))
        console.print(table)
    for name in SCENARIOS:
        if name in results:
            figures = {key: value for key, value in results[name].items() if key != "memory_mb"}
            console.print(f"[bold]{name}[/bold]", figures)
    table = Table("must hold", "measured", "")
    for check in found:
        table.add_row(check.promise, check.measured, "yes" if check.holds else "[red]NO[/red]")
    console.print(table)


def _shown(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    if column.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:,.1f}" if column.endswith("_ms") else f"{value:,g}"


def markdown(results: Results, found: list[Check]) -> str:
    """The tables as docs/overload.md shows them."""
    lines = [f"Measured on {results['date'][:10]}, deadline {results['deadline_ms']} ms.", ""]
    for name, part in results.get("ladders", {}).items():
        lines += [f"**{name}**, capacity {part['capacity_per_s']:,.0f}/s", ""]
        lines += [_row(COLUMNS.values()), _row("---" for _ in COLUMNS)]
        lines += [
            _row(_shown(column, row[column]) for column in COLUMNS) for row in part["rows"]
        ] + [""]
    lines += ["| must hold | measured | |", "|---|---|---|"]
    lines += [
        _row((check.promise, check.measured, "yes" if check.holds else "**no**")) for check in found
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plot(results: Results, file: Path) -> None:
    """Goodput and latency over the offered load, memory over the soak."""
    import matplotlib  # noqa: PLC0415 - a second, for those who want the plot

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, (goodput, latency, memory) = pyplot.subplots(1, 3, figsize=(14, 4))
    for name, part in results["ladders"].items():
        rows = part["rows"]
        factors = [row["factor"] for row in rows]
        per_s = [row["goodput_per_s"] / part["capacity_per_s"] for row in rows]
        (line,) = goodput.plot(factors, per_s, marker="o", label=name)
        for column, style in (("accepted_p99_ms", "-"), ("refused_p50_ms", ":")):
            values = [row[column] if row[column] is not None else float("nan") for row in rows]
            latency.plot(factors, values, style, marker="o", color=line.get_color())
    latency.axhline(results["deadline_ms"], color="grey", linewidth=0.8, label="deadline")
    latency.plot([], [], "k-", label="accepted, p99")
    latency.plot([], [], "k:", label="refused, median")
    for axes, title in ((goodput, "goodput / capacity"), (latency, "latency, ms")):
        axes.set(title=title, xlabel="offered load / capacity", xscale="log")
        axes.set_xticks(factors, [f"{factor:g}" for factor in factors])
        axes.minorticks_off()
        axes.legend(fontsize=8)
    goodput.set_ylim(bottom=0)
    latency.set_yscale("log")
    if "soak" in results:
        moments, amounts = zip(*results["soak"]["memory_mb"], strict=True)
        memory.plot([moment / 60 for moment in moments], amounts)
        memory.set(title="resident memory in the soak, MB", xlabel="minutes")
        memory.set_ylim(0, 1.1 * max(amounts))  # a flat line would hide in the frame
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
