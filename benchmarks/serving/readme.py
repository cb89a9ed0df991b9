"""The last report as a few lines for the README, between two markers."""

from pathlib import Path
from typing import Any

from benchmarks.serving.summary import case_of
from benchmarks.serving.tables import Table, markdown
from benchmarks.serving.targets import targets

Row = dict[str, Any]
START, END = "<!-- benchmark: start -->", "<!-- benchmark: end -->"
SHOWN = (
    ("1 image, 1 connection", ("digits", 1, 1)),
    ("1 image, 64", ("digits", 1, 64)),
    ("32 images, 64", ("digits", 32, 64)),
    ("1 series, 64", ("forecaster", 1, 64)),
    ("64 series, 8", ("forecaster", 64, 8)),
)


class NoMarkers(Exception):
    """The file has no place for the table."""


def section(report: Row) -> str:
    """A sentence, a table of requests a second, and the targets."""
    facts = report["facts"]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    lead = (
        f"Requests a second (median, 99th percentile in ms), {report['rounds']} rounds in "
        f"{report['minutes']} minutes, "
        f"{facts['date']}, {facts['processors']} cores ({facts['processor']}) shared with "
        f"{report['generator']}; torch {facts['torch']}; {versions}{_allocators(facts)}."
    )
    picture = "![Requests a second of each server](docs/images/serving.png)"
    return "\n\n".join([lead, picture, markdown(_overview(report)), markdown(_targets(report))])


def _allocators(facts: Row) -> str:
    """Which servers have another allocator than the C library's."""
    with_one = {name: library for name, library in facts["allocators"].items() if library}
    libraries = ", ".join(dict.fromkeys(with_one.values()))
    return f"; {libraries} preloaded for {', '.join(with_one)}" if with_one else ""


def _overview(report: Row) -> Table:
    by_key = {(row["server"], case_of(row)): row for row in report["rows"]}
    servers = dict.fromkeys(row["server"] for row in report["rows"])
    memory = {row["server"]: row for row in report["visits"] if row["model"] == "digits"}
    ranked = sorted(servers, key=lambda name: -_rate(by_key.get((name, SHOWN[1][1]))))
    cells = [
        [name, *(_cell(by_key.get((name, key))) for _, key in SHOWN), *_start(memory.get(name))]
        for name in ranked
    ]
    return Table("", ["server", *(title for title, _ in SHOWN), "start", "memory"], cells)


def _rate(row: Row | None) -> float:
    return row["requests_per_s"] if row else 0.0


def _cell(row: Row | None) -> str:
    if row is None:
        return "-"
    return f"{row['requests_per_s']:,.0f} ({_ms(row['p50_ms'])}, {_ms(row['p99_ms'])})"


def _ms(value: float) -> str:
    return f"{value:,.{2 if value < 10 else 0}f}"


def _start(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "-", "-"
    return f"{row['start_s']:.1f} s", f"{row['pss_bytes'] / 1e6:.0f} MB"


def _targets(report: Row) -> Table:
    cells = [
        (
            each.text,
            f"{'at most' if each.at_most else 'at least'} {each.wanted:g}",
            f"**{each.reached:.2f}**" if each.met else f"{each.reached:.2f}",
        )
        for each in targets(report)
    ]
    return Table("", ("target", "wanted", "reached"), cells)


def insert(text: str, report: Row) -> str:
    """``text`` with the section between its markers.

    Raises:
        NoMarkers: it has not both of them, in order.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise NoMarkers(f"put {START} and {END} where the table belongs")
    return f"{before}{START}\n{section(report)}\n{END}{after}"


def update(file: Path, report: Row) -> None:
    """Write the section into ``file``."""
    file.write_text(insert(file.read_text(), report))
