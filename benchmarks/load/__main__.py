"""``make load``: start the service, treat it badly, tell how it took it.

Client and service share the machine's processors, so compare figures of one run only.

Expect: 23 minutes, ten of them the soak; ``--quick`` takes about two and proves less.
"""

import asyncio
import json
import platform
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
import uvloop
from rich.console import Console

from benchmarks.load import misbehaviour, overload, poison, report, requests, soak
from benchmarks.load.caller import Target
from benchmarks.load.closed_loop import measure
from benchmarks.load.generator_limit import generator_limit
from benchmarks.load.requirements import checks
from benchmarks.running_service import RunningService, running_service
from service.worker_server import allow_files

PARTS = ("ladder", "obeying", "storm", "dripping", "idle", "poison", "soak")
RECEIVE_TIMEOUT_S = 5
IDLE_CLIENTS = 1000
# Capacity is what is answered when nothing is refused.
PATIENT_MS = 60_000

Results = dict[str, Any]
say = Console(stderr=True).log


def main(  # noqa: PLR0913, PLR0917 - an argument is a flag
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    seconds: Annotated[float, typer.Option(help="Length of each step of the ladder.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, help="Ladders; medians are told.")] = 9,
    soak_s: Annotated[float, typer.Option(help="Length of the soak.")] = 600.0,
    deadline_ms: Annotated[int, typer.Option(help="X-Timeout-Ms of the requests.")] = 500,
    quick: Annotated[bool, typer.Option(help="One round of 2 s, 10 s for the soak.")] = False,
    workers: Annotated[str, typer.Option(help="Worker processes of the service.")] = "auto",
    part: Annotated[list[str] | None, typer.Option(help=f"Only these of {PARTS}.")] = None,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/load.json"),
    image: Annotated[Path, typer.Option(help="Where the plot goes.")] = Path("build/load.png"),
) -> None:
    """Overload, misbehaving clients, a poisoned item, a soak; and what must hold."""
    parts = set(part or PARTS)
    if quick:
        seconds, soak_s, rounds = 2.0, 10.0, 1
    results: Results = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.processor() or platform.machine(),
        "seconds": seconds,
        "rounds": rounds,
        "deadline_ms": deadline_ms,
    }
    allow_files(overload.CONNECTIONS)
    variables = {
        "SEQSERVE_RECEIVE_TIMEOUT_S": str(RECEIVE_TIMEOUT_S),
        "SEQSERVE_LOG_LEVEL": "error",  # a line a second says that it is overloaded
    }
    with running_service(repository, "--workers", workers, variables=variables) as service:
        uvloop.run(_misuse(service, results, parts, soak_s))
    if "poison" in parts:
        results["poison"] = _poison(workers, seconds)
    found = checks(results)
    report.show(results, found)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1) + "\n")
    output.with_suffix(".md").write_text(report.markdown(results, found))
    if "ladders" in results:
        report.plot(results, image)
    raise typer.Exit(not all(check.holds for check in found))


async def _misuse(
    service: RunningService, results: Results, parts: set[str], soak_s: float
) -> None:
    target = target_of(service)
    seconds, deadline_ms = results["seconds"], results["deadline_ms"]
    results["memory_idle_mb"] = round(service.resident_bytes() / 1e6)
    if "ladder" in parts:
        results["ladders"] = {}
        for name, request in requests.workloads(deadline_ms).items():
            results["ladders"][name] = await _ladder(service, target, name, request, results)
    request = requests.workloads(deadline_ms)["forecast, 1 series of 256"]
    say("capacity for what follows")
    patient = requests.workloads(PATIENT_MS)["forecast, 1 series of 256"]
    capacity = (await measure(target, patient, connections=64, seconds=seconds)).per_s
    if "obeying" in parts:
        say("clients that obey Retry-After")
        burst_s = seconds / 5
        results["obeying"] = await overload.obeying(target, request, capacity, seconds=burst_s)
        await asyncio.sleep(1)
    rate = capacity / 4
    if "storm" in parts:
        say("a storm of clients that leave")
        results["storm"] = await misbehaviour.storm(
            target, patient, rate, calm_s=seconds / 2 + 1, storm_s=seconds / 2
        )
    if "dripping" in parts:
        say("a byte a second")
        results["dripping"] = await misbehaviour.dripping(
            target, patient, rate, n_clients=50, seconds=max(seconds, RECEIVE_TIMEOUT_S + 2)
        )
    if "idle" in parts:
        say("idle connections")
        results["idle"] = await misbehaviour.idle(
            service, target, patient, rate, n_clients=IDLE_CLIENTS, seconds=min(seconds, 4)
        )
        await asyncio.sleep(RECEIVE_TIMEOUT_S + 1)
    if "soak" in parts:
        # Of the mixture a request costs some four times as much as the one that was measured.
        say(f"a soak of {soak_s:g} s")
        results["soak"] = await soak.soak(
            service, target, requests.mixture(deadline_ms), capacity / 8, soak_s
        )


async def _ladder(
    service: RunningService, target: Target, name: str, request: bytes, results: Results
) -> Results:
    seconds, deadline_s = results["seconds"], results["deadline_ms"] / 1e3
    patient = requests.workloads(PATIENT_MS)[name]
    await measure(target, patient, connections=64, seconds=seconds / 2)
    found, ladders = [], []
    for number in range(results["rounds"]):
        capacity = await measure(target, patient, connections=64, seconds=seconds / 2)
        say(f"overload: {name}, round {number + 1}, {capacity.per_s:,.0f}/s")
        ladder = overload.ladder(
            service, target, request, capacity.per_s, seconds=seconds, deadline_s=deadline_s
        )
        found.append(capacity)
        ladders.append(await ladder)
    return {
        "capacity_per_s": round(statistics.median(each.per_s for each in found), 1),
        "capacity_p99_ms": round(statistics.median(each.p99_ms for each in found), 2),
        "generator_limit_per_s": round(await generator_limit(request, min(seconds, 3))),
        "rows": overload.typical(ladders),
    }


def _poison(workers: str, seconds: float) -> Results:
    say("a poisoned item")
    with tempfile.TemporaryDirectory() as folder:
        poison.write_fragile(Path(folder))
        with running_service(Path(folder), "--workers", workers) as service:
            return uvloop.run(poison.poison(target_of(service), seconds=seconds))


def target_of(service: RunningService) -> Target:
    """Where the callers connect to."""
    url = urlsplit(service.url)
    return Target(url.hostname or "", url.port or 0)


if __name__ == "__main__":
    typer.run(main)
