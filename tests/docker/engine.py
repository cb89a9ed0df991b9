"""A Docker engine for the tests: the one that answers, or a private one that leaves no trace."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
PACKAGES = "docker.io docker-compose debootstrap"


@dataclass(frozen=True)
class Engine:
    """Where an engine listens, and how to give it a command."""

    host: str | None  # None: wherever the docker command looks by itself

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which docker and compose reach this engine."""
        # The classic builder is in every engine; BuildKit is a package of its own.
        variables = {**os.environ, "DOCKER_BUILDKIT": "0"}
        return variables if self.host is None else {**variables, "DOCKER_HOST": self.host}

    def run(self, *command: str | Path) -> str:
        """Output of a command, stripped; a failure shows what it printed."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            words = " ".join(str(word) for word in command)
            pytest.fail(f"{words}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def docker(self, *arguments: str | Path) -> str:
        """Output of ``docker`` with these arguments."""
        return self.run("docker", *arguments)

    def answers(self) -> bool:
        """Whether an engine is there (a client alone is not)."""
        if shutil.which("docker") is None:
            return False
        command = ("docker", "version", "--format", "{{.Server.Version}}")
        return not subprocess.run(
            command, env=self.environment, capture_output=True, check=False
        ).returncode


def require(*programs: str) -> None:
    """Fail with what to install unless all these programs are there and the user is root."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.fail(f"not found: {', '.join(missing)}; on Debian: apt-get install {PACKAGES}")
    if os.geteuid():
        pytest.fail("run as root: a private engine and debootstrap need it")


@contextlib.contextmanager
def an_engine() -> Iterator[Engine]:
    """The engine that answers already; else one of our own for as long as the tests run."""
    present = Engine(host=None)
    if present.answers():
        yield present
        return
    require("docker", "dockerd")
    with own_engine(Path(tempfile.mkdtemp(prefix="seqserve-engine-"))) as own:
        yield own


@contextlib.contextmanager
def own_engine(folder: Path) -> Iterator[Engine]:
    """Start an engine with all it has under ``folder``; stop it and remove that on the way out."""
    engine = Engine(host=f"unix://{folder}/socket")
    with (folder / "log").open("wb") as log:
        # In a session of its own: Ctrl-C reaches the tests first, and they stop it in order.
        process = subprocess.Popen(
            _daemon_command(folder, engine), stdout=log, stderr=log, start_new_session=True
        )
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _wait_until_it_answers(engine, process, folder / "log")
        yield engine
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        _remove(folder)
        signal.signal(signal.SIGTERM, previous)


def _daemon_command(folder: Path, engine: Engine) -> list[str]:
    return [
        "dockerd",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/pid",
        f"--host={engine.host}",
        # Containers share the host's network here, so no bridge and no firewall rules are made.
        "--bridge=none",
        "--iptables=false",
        "--ip6tables=false",
    ]


def _wait_until_it_answers(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not engine.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the engine did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def _remove(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", mount], check=True)
    # Not shutil: on ext4 mounted with discard it took 75 s for what rm does in 6.
    subprocess.run(["rm", "-rf", folder], check=True)
