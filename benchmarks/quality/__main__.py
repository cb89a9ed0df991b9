"""``make quality``: start the service on the shipped exports and measure every model through it.

    make quality                                  # everything
    make quality ARGS="--only forecast --quick"   # what begins with a name; samples instead of all
    make quality ARGS="--url http://host:8000"    # a service that runs already

Expect: 15 minutes, and 40 more the first time, for the classical methods (kept afterwards).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer
from rich.console import Console

from benchmarks.quality import page
from benchmarks.quality.figures import Part, Run, Table
from benchmarks.quality.parts import PARTS
from benchmarks.running_service import running_service
from training.errors import DataError

TIMEOUT_S = 600.0
WIDTH = 150  # columns off a terminal; narrower, figures would be cut


def main(  # noqa: PLR0913, PLR0917 - an argument is a flag
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    data: Annotated[Path, typer.Option(help="Folder of mnist, series and text.")] = Path(
        "../shared/data"
    ),
    output: Annotated[Path, typer.Option(help="Folder for quality.json and report.html.")] = Path(
        "build/quality"
    ),
    url: Annotated[str | None, typer.Option(help="A running service, instead.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only parts that begin so: {', '.join(PARTS)}.")
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Samples instead of all, of series to fit as well; minutes.")
    ] = False,
    fine_tuned: Annotated[
        bool, typer.Option(help="Also fine-tune on M4 (minutes a model) and measure that.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Exit code 1 if a figure misses its bound.")] = False,
) -> None:
    """Every figure of quality through a running service, beside published ones and those asked.

    The first full run fits classical methods to 3,830 series, 40 minutes on one core; they are kept
    in the folder of the output.
    """
    chosen = chosen_parts(only)
    output.mkdir(parents=True, exist_ok=True)
    with (
        _service(repository, url) as (address, process),
        httpx.Client(base_url=address, timeout=TIMEOUT_S) as client,
    ):
        cpu_s = None if process is None else lambda: _cpu_s(process)
        missed = measure(chosen, Run(client, data, output, quick, fine_tuned, cpu_s))
    raise typer.Exit(1 if missed and strict else 0)


def chosen_parts(only: list[str] | None) -> dict[str, Part]:
    """Parts whose name begins with one of those given; all without.

    Raises:
        typer.BadParameter: a name begins none.
    """
    for name in only or ():
        if not any(part.startswith(name) for part in PARTS):
            raise typer.BadParameter(f"no part begins with {name!r}; parts: {', '.join(PARTS)}")
    starts = tuple(only or ("",))
    return {name: part for name, part in PARTS.items() if name.startswith(starts)}


def measure(parts: dict[str, Part], run: Run) -> bool:
    """Print and write every table as soon as it is there; whether a bound was missed."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    tables: dict[str, list[Table]] = {}
    skipped: dict[str, str] = {}
    for name, part in parts.items():
        try:
            for table in part(run):
                tables.setdefault(name, []).append(table)
                console.print(table.printed())
        except (DataError, FileNotFoundError) as error:
            skipped[name] = str(error)
            console.print(f"not measured: {name}: {error}", style="yellow", highlight=False)
        page.write(tables, run.output, skipped)
    rows = [(table, row) for some in tables.values() for table in some for row in table.rows]
    missed = [(table, row) for table, row in rows if row.holds() is False]
    for table, row in missed:
        text = f"missed: {table.title}: {' | '.join(table.cells(row))}"
        console.print(text, style="red", highlight=False)
    console.print(f"{run.output}/quality.json and {run.output}/report.html written")
    return bool(missed)


@contextmanager
def _service(repository: Path, url: str | None) -> Iterator[tuple[str, psutil.Process | None]]:
    if url is not None:
        yield url, None
        return
    with running_service(repository) as service:
        yield service.url, service.process


def _cpu_s(process: psutil.Process) -> float:
    """Processor time of the service and its workers."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(float(each.user + each.system) for each in times)


if __name__ == "__main__":
    typer.run(main)
