"""``make bench``: start the service, load each endpoint, print a table, write JSON.

Server and load generator share the machine's cores, so compare figures of one run only.
"""

import asyncio
import dataclasses
import json
import platform
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.running_service import RunningService, running_service
from benchmarks.serving.load import measure
from benchmarks.serving.payloads import payloads

Row = dict[str, Any]


def main(
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 5.0,
    workers: Annotated[int, typer.Option(help="Worker processes of the service.")] = 1,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = Path(
        "build/bench/serving.json"
    ),
) -> None:
    """Measure requests a second and latency of every endpoint at 1, 8 and 64 connections."""
    with running_service(repository, "--workers", str(workers)) as service:
        rows = asyncio.run(_measure_all(service, seconds))
        facts = {
            "ready_s": round(service.ready_s, 2),
            "resident_mb": round(service.resident_bytes() / 1e6),
            "workers": workers,
            "machine": platform.processor() or platform.machine(),
        }
    _show(rows, facts)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"service": facts, "rows": rows}, indent=2) + "\n")


async def _measure_all(service: RunningService, seconds: float) -> list[Row]:
    plan = [
        (name, path, body, connections)
        for name, (path, body) in payloads().items()
        for connections in (1, 8, 64)
    ]
    rows = []
    for name, path, body, connections in track(plan, "measuring", console=Console(stderr=True)):
        await measure(service.url + path, body, connections=connections, seconds=seconds / 5)
        result = await measure(service.url + path, body, connections=connections, seconds=seconds)
        rows.append({"request": name, "connections": connections} | dataclasses.asdict(result))
    return rows


def _show(rows: list[Row], facts: Row) -> None:
    table = Table("request", "connections", "requests/s", "p50 ms", "p99 ms")
    for row in rows:
        figures = (f"{row['requests_per_s']:,.0f}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}")
        table.add_row(row["request"], str(row["connections"]), *figures)
    Console().print(table)
    Console().print(f"ready after {facts['ready_s']} s, {facts['resident_mb']} MB resident")


if __name__ == "__main__":
    typer.run(main)
