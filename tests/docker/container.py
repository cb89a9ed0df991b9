"""A container of the service: start it, wait for its health, stop it, always remove it."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.docker.engine import Engine

HEALTHY_TIMEOUT_S = 90
# What docker-compose.yml asks for too: nothing can be written but /tmp, nothing can be gained.
LOCKED_DOWN = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges:true",
)


@dataclass(frozen=True)
class Container:
    """A container that serves on a port of the host's loopback."""

    engine: Engine
    name: str
    port: int

    def inspect(self) -> dict[str, Any]:
        """All that the engine knows about it."""
        found: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", self.name))
        return found[0]

    def logs(self) -> str:
        """What it printed, its errors included."""
        return self.engine.run("sh", "-c", f"docker logs {self.name} 2>&1")

    def wait_until_healthy(self) -> None:
        """Return when its health check has passed; fail with its log if that never happens."""
        deadline = time.monotonic() + HEALTHY_TIMEOUT_S
        while (state := self.inspect()["State"])["Health"]["Status"] != "healthy":
            if not state["Running"] or time.monotonic() > deadline:
                pytest.fail(f"{self.name} never became healthy: {state}\n{self.logs()}")
            time.sleep(0.2)

    def stop(self) -> int:
        """Exit code after SIGTERM (the engine would kill it after 40 s, with 137)."""
        self.engine.docker("stop", "--time", "40", self.name)
        code: int = self.inspect()["State"]["ExitCode"]
        return code


@contextlib.contextmanager
def serving(engine: Engine, image: str, *options: str) -> Iterator[Container]:
    """Run the image as a service on a free port, locked down; remove it on the way out."""
    port = free_port()
    variables = ("--env=SEQSERVE_HOST=127.0.0.1", f"--env=SEQSERVE_PORT={port}")
    network = ("--detach", "--network=host")
    name = engine.docker("run", *network, *LOCKED_DOWN, *variables, *options, image)
    try:
        yield Container(engine, name, port)
    finally:
        engine.docker("rm", "--force", name)


def free_port() -> int:
    """A port of the loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
