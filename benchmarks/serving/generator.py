"""Where the load comes from: wrk if it is installed, else the generator that comes along."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.serving import load, wrk
from benchmarks.serving.load import LoadResult
from benchmarks.serving.processes import free_ports

RESPONDER = Path(__file__).with_name("responder.py")


class Generator:
    """Loads a server with the bodies of a case; ``name`` says with what."""

    def __init__(self, folder: Path, *, use_wrk: bool | None = None) -> None:
        self._wrk = wrk.available() if use_wrk is None else use_wrk
        self._folder = folder
        self._bodies: list[bytes] = []
        self.name = "wrk" if self._wrk else "asyncio"

    def prepare(self, bodies: Sequence[bytes]) -> None:
        """Take the bodies that are sent from now on."""
        self._bodies = list(bodies)
        self._folder.mkdir(parents=True, exist_ok=True)
        for number, body in enumerate(bodies, 1):
            (self._folder / f"{number}.json").write_bytes(body)

    def measure(self, url: str, *, connections: int, seconds: int) -> LoadResult:
        """Load ``url`` for ``seconds``."""
        options = {"connections": connections, "seconds": seconds}
        if self._wrk:
            return wrk.measure(url, self._folder, len(self._bodies), **options)
        return asyncio.run(load.measure(url, self._bodies, **options))

    def limit(self, body: bytes, connections: int, seconds: int = 2) -> float:
        """Requests a second of this generator against a server that does nothing."""
        self.prepare([body])
        (port,) = free_ports(1)
        with subprocess.Popen([sys.executable, str(RESPONDER), str(port)]) as process:  # noqa: S603
            try:
                _wait_for(port)
                url = f"http://127.0.0.1:{port}/"
                return self.measure(url, connections=connections, seconds=seconds).requests_per_s
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the responder does not listen")
