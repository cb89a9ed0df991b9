"""``python -m benchmarks.streaming``: how many signals, and how fast, one worker serves.

Server and clients share the machine's cores. The server's processor time is its own, so
the samples that it answers for each second of it are the figure that other work disturbs least.
"""

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.running_service import running_service
from benchmarks.streaming.load import Load, measure

LOADS = (
    Load(64, 1000, 10),
    Load(64, 1000, 20),
    Load(64, 1000, 50),
    Load(64, 1000, 20, binary=False),
    Load(1, 1000, 20),
    Load(64, 2000, 20),
    Load(64, 4000, 50),
    Load(64, 16_000, 200),
    Load(256, 1000, 50),
)


def main(
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 10.0,
    repeats: Annotated[int, typer.Option(help="Rounds through all loads.")] = 1,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = Path(
        "build/bench/streaming.json"
    ),
) -> None:
    """Stream sines over WebSockets to one worker: latency, processor time, whether it keeps up."""
    rows: list[dict[str, Any]] = []
    with running_service(repository, "--workers", "1") as service:
        for _ in range(repeats):
            for load in LOADS:
                figures = asyncio.run(measure(service.url, load, seconds, cpu_of(service.process)))
                rows.append(dataclasses.asdict(load) | dataclasses.asdict(figures))
    _show(rows)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(rows, indent=2) + "\n")


def cpu_of(process: psutil.Process) -> Callable[[], float]:
    """Reads the processor seconds of ``process`` and its children so far."""

    def read() -> float:
        family = [process, *process.children(recursive=True)]
        return float(sum(sum(member.cpu_times()[:2]) for member in family))

    return read


def _show(rows: list[dict[str, Any]]) -> None:
    header = ("signals", "samples/s each", "frame", "kind", "keeps up", "p50 ms", "p99 ms", "CPU")
    table = Table(*header, "samples a CPU second")
    for row in rows:
        table.add_row(
            str(row["signals"]),
            f"{row['rate']:,}",
            str(row["frame"]),
            "binary" if row["binary"] else "JSON",
            "yes" if row["keeps_up"] else f"no: {row['samples_per_s']:,.0f}/s",
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            f"{row['server_cpu']:.0%}",
            f"{row['samples_per_cpu_s']:,.0f}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    typer.run(main)
