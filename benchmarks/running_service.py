"""Start the service as a user would, on a free port, and stop it again.

Only warnings are logged: a line for each request would be measured too.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class RunningService:
    """Where it listens, how long it took to become ready, and its process."""

    url: str
    ready_s: float
    process: psutil.Process

    def resident_bytes(self) -> int:
        """Resident memory of the process and its workers."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(int(member.memory_info().rss) for member in family)


@contextmanager
def running_service(
    repository: Path, *options: str, variables: Mapping[str, str] | None = None
) -> Iterator[RunningService]:
    """Run ``seqserve serve`` on a free port until the block ends.

    ``variables`` join the environment.

    Raises:
        RuntimeError: it ended before it was ready, or was not ready in time.
    """
    port = free_port()
    command = [sys.executable, "-m", "seqserve", "serve", "--port", str(port)]
    command += ["--repository", str(repository), *options]
    started = time.monotonic()
    quiet = os.environ | {"SEQSERVE_ACCESS_LOG": "false", "SEQSERVE_LOG_LEVEL": "warning"}
    quiet |= dict(variables or {})
    with subprocess.Popen(command, env=quiet) as process:  # noqa: S603 - our own command
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process)
            yield RunningService(url, time.monotonic() - started, psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """A port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with exit code {process.returncode}")
        try:
            if httpx.get(f"{url}/healthz/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"the service was not ready within {START_TIMEOUT_S:.0f} s")
