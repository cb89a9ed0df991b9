"""A server and all its processes: started, watched until it answers rightly, measured, ended.

Servers start processes that start others, some of which leave the tree. All inherit the
environment, so a mark in it finds every one of them in ``/proc``.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil

from benchmarks.serving.contestants import BUILD, SERVERS, Contestant, processors

MARK = "SEQSERVE_BENCH_MARK"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
N_SPARE_PORTS = 4
SETTLE_S = 1.0
IDLE = 0.25  # of one processor


class DidNotStart(Exception):
    """The server ended, or did not answer in time; the message has its last words."""


@dataclass(frozen=True)
class RunningServer:
    """A server that answers. ``start_s`` is the time to its first right answer."""

    url: str
    start_s: float
    mark: str

    def family(self) -> list[psutil.Process]:
        """All its processes that live now."""
        return marked(self.mark)

    def cpu_s(self) -> float:
        """Seconds of processor time, user and system, that its living processes have used."""
        total = 0.0
        for member in self.family():
            with suppress(psutil.Error):
                times = member.cpu_times()
                total += times.user + times.system
        return total

    def settle(self) -> None:
        """Wait until it is idle, or as idle as it gets: what a client left behind is computed."""
        end_s = time.monotonic() + SETTLE_S
        before, pause_s = self.cpu_s(), 0.1
        while time.monotonic() < end_s:
            time.sleep(pause_s)
            now = self.cpu_s()
            if now - before < IDLE * pause_s:
                return
            before = now

    def memory_bytes(self) -> tuple[int, int]:
        """Proportional and resident memory of all processes: PSS counts shared pages once."""
        proportional = resident = 0
        for member in self.family():
            with suppress(psutil.Error):
                memory = member.memory_full_info()
                proportional += int(memory.pss)
                resident += int(memory.rss)
        return proportional, resident


@contextmanager
def running(
    contestant: Contestant, model: str, repository: Path, answers: Callable[[str], bool]
) -> Iterator[RunningServer]:
    """Serve ``model`` until the block ends; ``answers`` says whether a URL answers by now.

    Raises:
        DidNotStart: it never did.
    """
    ports = free_ports(1 + N_SPARE_PORTS)
    mark = uuid4().hex
    folder = BUILD / (contestant.folder or "seqserve") / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    command, where = contestant.command(ports[0], repository, model)
    environment = _environment(contestant, model, repository, ports) | {
        MARK: mark,
        "BENCH_FOLDER": str(folder),
    }
    log = folder / "log.txt"
    started_s = time.monotonic()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own servers
                command,
                cwd=where,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we end it properly
            )
        url = f"http://127.0.0.1:{ports[0]}{contestant.dialect.path(model)}"
        _wait(process, url, answers, log)
        yield RunningServer(url, time.monotonic() - started_s, mark)
    finally:
        stop(process, mark)


def _environment(
    contestant: Contestant, model: str, repository: Path, ports: list[int]
) -> dict[str, str]:
    """What the scripts in ``servers/`` read, and one thread a pass for everybody."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("SEQSERVE_")}
    mine |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    mine |= contestant.environment
    if contestant.folder is None:
        return mine
    mine.pop("VIRTUAL_ENV", None)
    spare = {f"BENCH_SPARE_PORT_{at}": str(port) for at, port in enumerate(ports) if at}
    return (
        mine
        | spare
        | {
            "PORT": str(ports[0]),
            "PYTHONPATH": str(SERVERS / "shared"),
            "BENCH_MODEL": model,
            "BENCH_REPOSITORY": str(repository.resolve()),
            "BENCH_WORKERS": str(processors()),
        }
    )


def _wait(
    process: subprocess.Popen[bytes], url: str, answers: Callable[[str], bool], log: Path
) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while not answers(url):
        ended = process.poll()
        if ended is not None or time.monotonic() > deadline_s:
            last = log.read_text(errors="replace").strip().splitlines()[-3:]
            what = "no answer in time" if ended is None else f"ended with {ended}"
            raise DidNotStart(f"{what}: {' / '.join(last)}"[:400])
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], mark: str) -> None:
    """Ask the first process to end, give it time, then end whatever is left by its id."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    left = marked(mark)
    for member in left:
        with suppress(psutil.Error):
            member.send_signal(signal.SIGKILL)
    psutil.wait_procs(left, timeout=5)
    process.poll()


def marked(mark: str) -> list[psutil.Process]:
    """All living processes that carry ``mark``."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for number in psutil.pids():
        with suppress(OSError, psutil.Error):
            if wanted in Path(f"/proc/{number}/environ").read_bytes():
                found.append(psutil.Process(number))
    return found


def free_ports(count: int) -> list[int]:
    """Different ports on the loopback interface that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
