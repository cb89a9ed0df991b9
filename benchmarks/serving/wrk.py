"""Load by wrk: one thread, closed loop, keep-alive connections."""

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.serving.load import LoadResult

SCRIPT = Path(__file__).with_name("load.lua")
# A request that takes longer is counted as an error.
TIMEOUT_S = 30


class WrkFailed(Exception):
    """wrk printed no result."""


def available() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def measure(url: str, folder: Path, n_bodies: int, *, connections: int, seconds: int) -> LoadResult:
    """Post ``1.json`` to ``<n_bodies>.json`` in ``folder`` to ``url`` for ``seconds``.

    Raises:
        WrkFailed: it printed no result.
    """
    options = [f"-c{connections}", "-t1", f"-d{seconds}s", f"--timeout={TIMEOUT_S}s"]
    command = ["wrk", *options, "-s", str(SCRIPT), url, "--", str(folder), str(n_bodies)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return parse(done.stdout + done.stderr)


def parse(output: str) -> LoadResult:
    """Read the line that ``load.lua`` prints.

    Raises:
        WrkFailed: there is none.
    """
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            found = json.loads(line)
            break
    else:
        raise WrkFailed(output.strip() or "wrk printed nothing")
    errors = found["refused"] + found["broken"] + found["timeouts"]
    # wrk counts answers of any status; only good ones count here.
    good = found["requests"] - found["refused"]
    return LoadResult(
        requests_per_s=good / found["duration_us"] * 1e6,
        p50_ms=found["p50_us"] / 1e3,
        p99_ms=found["p99_us"] / 1e3,
        n_requests=good,
        n_errors=errors,
        n_refused=found["refused"],
    )
