"""``python -m benchmarks.serving profile``: where the time of one request goes in this server.

First what a request costs in processor time, beside what its parse, forward pass and encode cost on
their own: the rest is the server. Then that rest: py-spy samples a worker whenever a thread holds
the interpreter's lock, which a forward pass does not. Functions are listed by the share of samples
in which they run themselves, and by that in which they are anywhere on the stack.
"""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.serving.cases import CASES, requests_of
from benchmarks.serving.contestants import BUILD, OURS
from benchmarks.serving.generator import Generator
from benchmarks.serving.processes import RunningServer, running
from benchmarks.serving.roofs import roof
from benchmarks.serving.rounds import post

PY_SPY = "py-spy==0.4.1"
RATE_HZ = 500


def main(
    model: Annotated[str, typer.Option(help="digits or forecaster.")] = "digits",
    items: Annotated[int, typer.Option(help="Images or series a request.")] = 1,
    connections: Annotated[int, typer.Option(help="Connections at once.")] = 64,
    seconds: Annotated[int, typer.Option(help="Length of the recording.")] = 8,
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
) -> None:
    """Say where this server's time goes: a table of functions, and a file for flame graphs."""
    (case,) = [each for each in CASES if (each.model, each.items) == (model, items)]
    bodies = [OURS.dialect.body(model, each) for each in requests_of(case, repository)]

    def answers(url: str) -> bool:
        try:
            return bool(post(url, bodies[0]))
        except OSError:
            return False

    generator = Generator(BUILD / "bodies")
    generator.prepare(bodies)
    output = BUILD / "profile.txt"
    with running(OURS, model, repository, answers) as server:
        generator.measure(server.url, connections=connections, seconds=1)
        recording = _record(server, output, seconds)
        before_s = server.cpu_s()
        result = generator.measure(server.url, connections=connections, seconds=seconds + 2)
        used_s = server.cpu_s() - before_s
        recording.wait(60)
    bare = roof(repository, case, connections, 2.0)
    console = Console()
    console.print(f"{result.requests_per_s:,.0f} requests/s while being watched; stacks: {output}")
    steps = {name: bare[f"{name}_ms"] for name in ("parse", "forward", "encode")}
    total = used_s / max(1, result.n_requests) * 1000
    parts = ", ".join(f"{name} {took:.3f}" for name, took in steps.items())
    rest = total - sum(steps.values())
    console.print(f"{total:.3f} ms of processor time a request: {parts}, the server {rest:.3f}")
    show(shares(output.read_text()), console)


def _record(server: RunningServer, output: Path, seconds: int) -> "subprocess.Popen[bytes]":
    """Start py-spy on the busiest process: one worker stands for all."""
    busy = max(server.family(), key=lambda each: sum(each.cpu_times()[:2]))
    command = [str(_py_spy()), "record", "--pid", str(busy.pid), "--duration", str(seconds)]
    command += ["--rate", str(RATE_HZ), "--gil", "--format", "raw", "--output", str(output)]
    recording = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    time.sleep(0.5)
    return recording


def _py_spy() -> Path:
    """py-spy in an environment of its own."""
    venv = BUILD / "profile" / "venv"
    program = venv / "bin" / "py-spy"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)  # noqa: S603
        install = [str(venv / "bin" / "pip"), "install", "--quiet", PY_SPY]
        subprocess.run(install, check=True)  # noqa: S603
    return program


def shares(stacks: str) -> list[tuple[str, float, float]]:
    """Functions with the shares of samples in them and below them, the busiest first.

    ``stacks`` has a line for each stack: frames joined by semicolons, and how often it was seen.
    """
    itself: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        names = [_function(frame) for frame in frames.split(";")]
        itself[names[-1]] += int(count)
        for name in set(names):
            within[name] += int(count)
    total = itself.total() or 1
    order = sorted(within, key=lambda name: (-itself[name], -within[name]))
    return [(name, itself[name] / total, within[name] / total) for name in order]


def _function(frame: str) -> str:
    """A frame without its line number, so that one function is one row."""
    head, colon, number = frame.rpartition(":")
    return f"{head})" if colon and number.rstrip(")").isdigit() else frame


def show(found: list[tuple[str, float, float]], console: Console, rows: int = 30) -> None:
    """Print what runs itself most, then what is most on the stack."""
    for title, at in (("runs itself", 1), ("is on the stack", 2)):
        table = Table("function", "itself", "on the stack", title=title, title_justify="left")
        for name, own, below in sorted(found, key=lambda row: -float(row[at]))[:rows]:
            table.add_row(name[:100], f"{own:.1%}", f"{below:.1%}")
        console.print(table)
