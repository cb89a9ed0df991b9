"""``make bench``: this server beside seven others, in one run, with the same models and requests.

Servers and load generator share the machine's cores, so compare figures of one run only.
"""

import json
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.serving import plot, profile, readme, tables
from benchmarks.serving.cases import CASES
from benchmarks.serving.contestants import BUILD, CONTESTANTS, ROOT, Contestant, with_quick_memory
from benchmarks.serving.environments import CannotRun, build, require_built
from benchmarks.serving.generator import Generator
from benchmarks.serving.machine import facts
from benchmarks.serving.rounds import Comparison, Plan, Results
from benchmarks.serving.summary import summarise, summarise_roofs, summarise_visits

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=False)
console = Console(markup=False)  # reasons of failures hold brackets
REPORT = BUILD / "serving.json"
PLOT = ROOT / "docs" / "images" / "serving.png"


@app.callback(invoke_without_command=True)
def compare(  # noqa: PLR0913, PLR0917 - the options of the command
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(help="Servers, by name; repeat it.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Visits of every server.")] = 3,
    seconds: Annotated[int, typer.Option(min=1, help="Length of each measurement.")] = 2,
    quick: Annotated[bool, typer.Option(help="One round of one second each.")] = False,
    skip_build: Annotated[bool, typer.Option(help="Use the environments that exist.")] = False,
    model: Annotated[str | None, typer.Option(help="One model: digits, forecaster.")] = None,
    same_allocator: Annotated[
        bool, typer.Option(help="Preload the allocator that seqserve takes for all servers.")
    ] = False,
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = REPORT,
    picture: Annotated[Path, typer.Option(help="Where the plot goes.")] = BUILD / "serving.png",
) -> None:
    """Compare all servers that run here: speed, latency, memory, start time, and the roofline."""
    if context.invoked_subcommand:
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended too
    chosen = _chosen([*CONTESTANTS], only)
    if same_allocator:
        chosen = [with_quick_memory(each) for each in chosen]
    cases = tuple(case for case in CASES if model in (None, case.model))
    plan = Plan(repository, cases, 1 if quick else seconds, 1 if quick else rounds)
    generator = Generator(BUILD / "bodies")
    started_s = time.monotonic()
    comparison = Comparison(plan, generator, console.log)
    able = _built(chosen, comparison.results, skip_build=skip_build)
    about = facts(chosen) | {"generator_limit": _limits(generator)}
    try:
        _run(comparison, able, plan)
    finally:
        if comparison.results.loads:
            report = _report(comparison.results, plan, about, generator.name)
            report["minutes"] = round((time.monotonic() - started_s) / 60, 1)
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(json.dumps(report, indent=1) + "\n")
            tables.show(report, console)
            plot.draw(report, picture)
            console.print(f"{report['minutes']} minutes; {output} and {picture} written")


def _chosen(every: list[Contestant], only: list[str] | None) -> list[Contestant]:
    if not only:
        return every
    wanted = {name.lower() for name in only}
    known = {each.name.lower() for each in every}
    if unknown := wanted - known:
        raise typer.BadParameter(f"no server {', '.join(unknown)}: {', '.join(sorted(known))}")
    return [each for each in every if each.name.lower() in wanted]


def _built(chosen: list[Contestant], results: Results, *, skip_build: bool) -> list[Contestant]:
    """Those that can run; for the others the results say why not."""
    able = []
    for each in chosen:
        try:
            if skip_build:
                require_built(each)
            else:
                build(each, console.log)
            able.append(each)
        except CannotRun as error:
            results.skipped[each.name] = str(error)
            console.log(f"{each.name} is left out: {error}")
    return able


def _limits(generator: Generator) -> dict[str, float]:
    """What the generator can do at most, so that no server is measured beyond it."""
    limits: dict[str, float] = {
        f"{n} connections": round(generator.limit(b"{}" * 900, n)) for n in (1, 64)
    }
    console.log(f"{generator.name} against a server that does nothing: {limits} requests/s")
    return limits


def _run(comparison: Comparison, able: list[Contestant], plan: Plan) -> None:
    columns = (TextColumn("measuring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("measuring", total=plan.steps(len(able)))
        comparison.run(able, lambda: progress.advance(task))


def _report(
    results: Results, plan: Plan, about: dict[str, object], generator: str
) -> dict[str, Any]:
    rows = summarise(results.loads, "seqserve")
    return {
        "facts": about,
        "generator": generator,
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "rows": rows,
        "roofs": summarise_roofs(results.roofs, rows),
        "visits": summarise_visits(results.visits),
        "skipped": results.skipped,
        "measurements": {"loads": results.loads, "visits": results.visits, "roofs": results.roofs},
    }


@app.command("readme")
def write_readme(
    file: Annotated[Path, typer.Option(help="The file with the markers.")] = ROOT / "README.md",
    report: Annotated[Path, typer.Option(help="What `make bench` wrote.")] = REPORT,
    picture: Annotated[Path, typer.Option(help="Where the plot goes.")] = PLOT,
) -> None:
    """Put the last figures and their plot into the README."""
    found = json.loads(report.read_text())
    try:
        readme.update(file, found)
    except readme.NoMarkers as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    plot.draw(found, picture)
    console.print(f"{file} and {picture} written")


app.command("profile")(profile.main)


if __name__ == "__main__":
    app()
