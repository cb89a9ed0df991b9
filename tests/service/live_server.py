"""A real server in a process of its own, on a free port."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


class LiveServer:
    """``seqserve serve`` with variables; its log lines are read from a file."""

    def __init__(self, log: Path, arguments: list[str], **variables: object) -> None:
        named = {f"SEQSERVE_{name.upper()}": str(value) for name, value in variables.items()}
        command = [sys.executable, "-m", "seqserve", "serve", "--port", "0", *arguments]
        self.log_file = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **named}, stderr=stream, stdout=stream
            )

    def log(self) -> list[dict[str, Any]]:
        lines = self.log_file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n") and line[0] == "{"]

    def url(self) -> str:
        """Where it listens, once it says so."""
        for _ in self._patiently("a line that says where it listens"):
            for line in self.log():
                if found := re.search(r"listening on (\S+),", line["message"]):
                    return found.group(1)
        raise AssertionError

    def wait_until_ready(self) -> str:
        url = self.url()
        for _ in self._patiently("readiness"):
            if httpx.get(f"{url}/healthz/ready", timeout=PATIENCE_S).status_code == 200:
                return url
        raise AssertionError

    def line_of(self, request_id: str) -> dict[str, Any]:
        """The log line of a request, once it is written."""
        for _ in self._patiently(f"a line of {request_id}"):
            for line in self.log():
                if line.get("request_id") == request_id:
                    return line
        raise AssertionError

    def lines_with(self, field: str, n_lines: int) -> list[dict[str, Any]]:
        """The log lines that have ``field``, once there are as many."""
        for _ in self._patiently(f"{n_lines} lines with {field}"):
            found = [line for line in self.log() if field in line]
            if len(found) >= n_lines:
                return found
        raise AssertionError

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def _patiently(self, what: str) -> Iterator[None]:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            assert self.process.poll() is None, self.log_file.read_text()
            yield
            time.sleep(0.05)  # another process: there is no event to wait for
        raise AssertionError(f"no {what} after {PATIENCE_S} s: {self.log_file.read_text()}")


@contextmanager
def live_server(log: Path, *arguments: str, **variables: object) -> Iterator[LiveServer]:
    server = LiveServer(log, list(arguments), **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
