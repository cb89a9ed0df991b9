"""What every part of ``make quality`` answers: tables of figures, those beside them, those asked.

A part is a function that gets a ``Run`` and yields a ``Table`` for each thing it measured; it is
named in ``parts.py`` and nothing else needs to know it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from matplotlib.figure import Figure
from rich.table import Table as Shown

COMMAND = 'make quality ARGS="--only {}"'


@dataclass(frozen=True)
class Run:
    """A running service, the data, and how much to measure.

    ``cpu_s`` tells the processor time that the service has used so far; ``None`` where another
    machine or somebody else's process serves.
    """

    client: httpx.Client
    data: Path
    output: Path
    quick: bool = False
    fine_tuned: bool = False
    cpu_s: Callable[[], float] | None = None


Part = Callable[[Run], Iterator["Table"]]


@dataclass(frozen=True)
class Bound:
    """What a figure must be; either side may be open."""

    least: float = float("-inf")
    most: float = float("inf")

    def holds(self, figure: float) -> bool:
        """Whether a figure is within; NaN is not."""
        return self.least <= figure <= self.most

    def shown(self, form: str) -> str:
        """The bound in words, numbers in the form of their table."""
        low, high = format(self.least, form), format(self.most, form)
        if self.least == float("-inf"):
            return f"at most {high}"
        return f"at least {low}" if self.most == float("inf") else f"{low} to {high}"


@dataclass(frozen=True)
class Row:
    """A figure measured here, the same of others by name, and what it must be."""

    figure: str
    here: float
    beside: Mapping[str, float | None] = field(default_factory=dict)
    asked: Bound | None = None

    def holds(self) -> bool | None:
        """Whether it is what was asked; ``None`` where nothing was."""
        return None if self.asked is None else self.asked.holds(self.here)


@dataclass(frozen=True)
class Table:
    """Rows that are read together, the command that measures them, and perhaps a plot."""

    title: str
    command: str
    rows: Sequence[Row]
    form: str = ".3f"
    note: str = ""
    plot: Figure | None = None

    def header(self) -> tuple[str, ...]:
        """Names of the columns; one for each system that any row is set beside."""
        return ("figure", "here", *self.others(), "asked")

    def others(self) -> list[str]:
        """Every system that a row is set beside, in the order in which they come."""
        return list(dict.fromkeys(name for row in self.rows for name in row.beside))

    def cells(self, row: Row) -> tuple[str, ...]:
        """A row as text."""
        asked = "" if row.asked is None else row.asked.shown(self.form)
        verdict = {None: "", True: " ✓", False: " ✗ MISSED"}[row.holds()]
        beside = [self._shown(row.beside.get(name)) for name in self.others()]
        return (row.figure, self._shown(row.here), *beside, asked + verdict)

    def _shown(self, figure: float | None) -> str:
        return "" if figure is None else format(figure, self.form)

    def printed(self) -> Shown:
        """For a terminal."""
        shown = Shown(*self.header(), title=self.title, caption=self.command)
        for row in self.rows:
            shown.add_row(*self.cells(row))
        return shown

    def as_json(self) -> dict[str, Any]:
        """For ``quality.json``: each row with the command that measures it."""
        rows = [
            {
                "figure": row.figure,
                "here": row.here,
                "beside": dict(row.beside),
                "asked": None if row.asked is None else row.asked.shown(self.form),
                "holds": row.holds(),
                "command": self.command,
            }
            for row in self.rows
        ]
        return {"title": self.title, "note": self.note, "rows": rows}


def command_of(part: str) -> str:
    """What measures a part alone."""
    return COMMAND.format(part)
