"""The report as tables on a terminal and as Markdown: the same cells in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.serving.cases import CASES, Case
from benchmarks.serving.summary import case_of
from benchmarks.serving.targets import targets

Row = dict[str, Any]
LOAD_COLUMNS = ("server", "requests/s", "p50 ms", "p99 ms", "CPU s/1000", "errors", "ratio")
VISIT_COLUMNS = ("server", "model", "start s", "PSS MB", "RSS MB", "apart")
ROOF_COLUMNS = ("request", "connections", "batch", "parse", "forward", "encode", "reached")


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and the cells."""

    title: str
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]


def tables(report: Row) -> list[Table]:
    """All tables of a report."""
    found = [
        _loads(case, connections, report["rows"])
        for case in CASES
        for connections in case.connections
    ]
    found = [table for table in found if table.cells]
    return [*found, _roofs(report["roofs"]), _visits(report), _targets(report)]


def _loads(case: Case, connections: int, rows: list[Row]) -> Table:
    key = (case.model, case.items, connections)
    fastest_first = sorted(
        (row for row in rows if case_of(row) == key), key=lambda row: -row["requests_per_s"]
    )
    cells = [
        (
            row["server"],
            f"{row['requests_per_s']:,.0f}",
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            "-" if row["cpu_s_per_1000"] is None else f"{row['cpu_s_per_1000']:.2f}",
            str(row["errors"]),
            "-" if row["ratio"] is None else f"{row['ratio']:.2f}",
        )
        for row in fastest_first
    ]
    return Table(f"{case.model}, {case.title}, {_connections(connections)}", LOAD_COLUMNS, cells)


def _connections(count: int) -> str:
    return f"{count} connection{'s' * (count > 1)}"


def _roofs(roofs: list[Row]) -> Table:
    titles = {(case.model, case.items): case.title for case in CASES}
    cells = [
        (
            titles[row["model"], row["items"]],
            str(row["connections"]),
            str(row["batch"]),
            f"{row['parse_ms']:.3f}",
            f"{row['forward_ms']:.3f}",
            f"{row['encode_ms']:.3f}",
            f"{row['shares'].get('seqserve', 0):.0%} of {row['requests_per_cpu_s']:,.0f}/s",
        )
        for row in roofs
    ]
    return Table("roofline: ms a request, and requests a second of one core", ROOF_COLUMNS, cells)


def _visits(report: Row) -> Table:
    cells = [
        (
            row["server"],
            row["model"],
            f"{row['start_s']:.1f}",
            f"{row['pss_bytes'] / 1e6:.0f}",
            f"{row['rss_bytes'] / 1e6:.0f}",
            f"{row['largest_difference']:.1g}",
        )
        for row in report["visits"]
    ]
    cells += [(name, why, "", "", "", "") for name, why in report["skipped"].items()]
    return Table("start to the first right answer, memory after the load", VISIT_COLUMNS, cells)


def _targets(report: Row) -> Table:
    cells = [
        (
            each.text,
            f"{'at most' if each.at_most else 'at least'} {each.wanted:g}",
            f"{each.reached:.2f}",
            "yes" if each.met else "no",
        )
        for each in targets(report)
    ]
    return Table("targets", ("figure", "wanted", "reached", "met"), cells)


def show(report: Row, console: Console) -> None:
    """Print all tables."""
    for table in tables(report):
        rich = RichTable(title=table.title, title_justify="left")
        for at, name in enumerate(table.columns):
            rich.add_column(name, justify="left" if at == 0 else "right")
        for cells in table.cells:
            rich.add_row(*cells)
        console.print(rich)


def markdown(table: Table) -> str:
    """The table as Markdown, without its title."""
    lines = [_line(table.columns), _line(["---"] * len(table.columns))]
    return "\n".join([*lines, *(_line(cells) for cells in table.cells)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
