"""An environment for each server, from its pinned requirements; built once, then reused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from benchmarks.serving.contestants import SERVERS, Contestant, venv_of

STAMP = "installed.txt"


class CannotRun(Exception):
    """This server does not run on this machine; the message says why."""


def build(contestant: Contestant, say: Callable[[str], None]) -> None:
    """Install what ``requirements.txt`` names, unless just that is installed already.

    Raises:
        CannotRun: a program that it needs is missing, or the installation failed.
    """
    if contestant.folder is None:
        return
    if contestant.needs and shutil.which(contestant.needs) is None:
        raise CannotRun(f"needs {contestant.needs}, which is not installed")
    requirements = SERVERS / contestant.folder / "requirements.txt"
    venv = venv_of(contestant.folder)
    stamp = venv.parent / STAMP
    if stamp.exists() and stamp.read_bytes() == requirements.read_bytes():
        return
    say(f"installing {contestant.name} into {venv} (a minute or two)")
    stamp.unlink(missing_ok=True)
    _run([sys.executable, "-m", "venv", "--clear", str(venv)])
    install = [str(venv / "bin" / "pip"), "install", "--quiet", "--requirement", str(requirements)]
    if index := os.environ.get("TORCH_INDEX_URL"):  # as in the Makefile
        install += ["--extra-index-url", index]
    _run(install)
    stamp.write_bytes(requirements.read_bytes())


def require_built(contestant: Contestant) -> None:
    """Check that it was built.

    Raises:
        CannotRun: it was not.
    """
    if contestant.folder and not (venv_of(contestant.folder).parent / STAMP).exists():
        raise CannotRun("its environment is not built: leave --skip-build out")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotRun(f"{command[0]} failed: {reason}")


def version_of(contestant: Contestant) -> str:
    """The pinned version of a server."""
    assert contestant.folder is not None  # noqa: S101 - ours has the version of the project
    lines = (SERVERS / contestant.folder / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==", 1) for line in lines if "==" in line)
    return pins[contestant.folder]
