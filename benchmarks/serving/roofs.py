"""The roofline of a case: as many bare processes at once as the service would have workers."""

import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.serving.cases import Case
from benchmarks.serving.contestants import ROOT, processors, quick_memory


def batch_of(connections: int, workers: int) -> int:
    """Requests that can meet in a worker at best, when connections spread evenly."""
    return max(1, math.ceil(connections / workers))


def roof(repository: Path, case: Case, connections: int, seconds: float) -> dict[str, Any]:
    """The mean of the processes; requests a second is what they do together."""
    workers = processors()
    batch = batch_of(connections, workers)
    command = [sys.executable, "-m", "benchmarks.serving.roofline", case.model, str(case.items)]
    command += [str(batch), str(seconds), str(repository)]
    environment = os.environ | quick_memory() | {"OMP_NUM_THREADS": "1"}
    # One lone connection keeps one worker busy, not all of them.
    n_processes = min(workers, connections)
    processes = [
        subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(n_processes)
    ]
    try:
        found = [json.loads(each.communicate()[0]) for each in processes]
    finally:
        for each in processes:
            each.kill()
    mean = {name: statistics.fmean(each[name] for each in found) for name in found[0]}
    return mean | {
        "model": case.model,
        "items": case.items,
        "connections": connections,
        "batch": batch,
        "processes": n_processes,
    }
