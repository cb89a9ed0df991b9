"""The load generator in C, compiled at its first use: a fifth of what a request costs in Python.

Client and service share the processors, so what the one takes the other lacks. Without a compiler,
or elsewhere than on Linux, the generators in Python do the same, and the figures are lower.
"""

import asyncio
import shutil
import struct
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.load.caller import Target

SOURCE = Path(__file__).with_name("engine.c")
BUILT = SOURCE.parents[2] / "build" / "load" / "engine"

Floats = npt.NDArray[np.float64]


class Ended(NamedTuple):
    """Of every request: when it was due, how long it took, how late it was sent, its status."""

    due_s: Floats
    took_s: Floats
    late_s: Floats
    statuses: npt.NDArray[np.int64]
    connections: int


@cache
def engine() -> Path | None:
    """The program; None where it cannot be compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    new = BUILT.with_suffix(".new")
    command = [compiler, "-O2", "-o", str(new), str(SOURCE)]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - ours
        return None
    new.replace(BUILT)
    return BUILT


class Load(NamedTuple):
    """What to send: ``due_s`` are moments; without them every connection asks again at once."""

    requests: Sequence[bytes]
    due_s: Floats
    seconds: float
    give_up_s: float
    connections: int
    first_connections: int


async def run(program: Path, target: Target, load: Load) -> Ended:
    """Send it, and wait until every request came to its end.

    Raises:
        RuntimeError: the program failed; it says how.
    """
    counts = (load.connections, load.first_connections)
    numbers = (target.port, *counts, load.give_up_s, load.seconds)
    process = await asyncio.create_subprocess_exec(
        program,
        *map(str, numbers),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, told = await process.communicate(_input(load))
    if process.returncode:
        raise RuntimeError(f"the load generator failed: {told.decode().strip()}")
    due_s, took_s, late_s, statuses = np.frombuffer(output).reshape(-1, 4).T
    return Ended(due_s, took_s, late_s, statuses.astype(np.int64), int(told))


def _input(load: Load) -> bytes:
    requests = [struct.pack("=I", len(each)) + each for each in load.requests]
    head = struct.pack("=I", len(requests)) + b"".join(requests)
    return head + struct.pack("=Q", len(load.due_s)) + load.due_s.astype(np.float64).tobytes()
