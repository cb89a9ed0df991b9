"""All recipes: one after the other, or several at a time in processes of their own."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console

from training.errors import DataError, Interrupted, TrainingError
from training.interruption import InterruptionFlag
from training.recipes.recipe import load_recipe
from training.recipes.request import RecipeRequest
from training.recipes.run import run_recipe

POLL_INTERVAL_S = 0.2


def run_all(names: Sequence[str], request: RecipeRequest) -> dict[str, str]:
    """Run every recipe; what fails does not stop the others and is returned with its reason.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
    """
    if request.jobs > 1:
        return _Processes(names, request).run()
    failures = {}
    for number, name in enumerate(names, 1):
        _say(f"{name} ({number} of {len(names)})")
        try:
            run_recipe(load_recipe(name), request)
        except Interrupted:
            raise
        except TrainingError as error:
            _say(f"{name} failed: {error}")
            failures[name] = str(error)
    return failures


@dataclass
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    started: float


class _Processes:
    """A process a recipe, ``jobs`` at a time; what each says goes to a log of its own."""

    def __init__(self, names: Sequence[str], request: RecipeRequest) -> None:
        self._waiting = list(names)
        self._request = request
        self._running: list[_Running] = []
        self._failures: dict[str, str] = {}

    def run(self) -> dict[str, str]:
        with InterruptionFlag() as interruption, self._none_left_behind():
            while self._waiting or self._running:
                while self._waiting and len(self._running) < self._request.jobs:
                    self._running.append(self._start(self._waiting.pop(0)))
                time.sleep(POLL_INTERVAL_S)
                self._collect()
                if interruption.raised:
                    self._stop()
        return self._failures

    def _start(self, name: str) -> _Running:
        log = self._request.folder / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "seqserve", "train", "recipe", name]
        with log.open("wb") as stream:
            process = _detached([*command, *_flags(self._request)], stream)
        _say(f"{name} started, see {log}")
        return _Running(name, process, log, time.monotonic())

    def _collect(self) -> None:
        for one in [one for one in self._running if one.process.poll() is not None]:
            self._running.remove(one)
            seconds = time.monotonic() - one.started
            if one.process.returncode == 0:
                _say(f"{one.name} finished in {seconds:.0f} s")
            else:
                self._failures[one.name] = _reason(one)
                _say(f"{one.name} failed: {self._failures[one.name]}")

    def _stop(self) -> None:
        for one in self._running:
            one.process.send_signal(signal.SIGINT)
        for one in self._running:
            one.process.wait()
        names = ", ".join(one.name for one in self._running)
        raise Interrupted(
            f"stopped in {names or 'no recipe'}: continue with the same command and --resume"
        )

    @contextmanager
    def _none_left_behind(self) -> Iterator[None]:
        try:
            yield
        finally:
            for one in self._running:
                with suppress(ProcessLookupError):
                    one.process.kill()


def _detached(command: list[str], stream: IO[bytes]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches it once, from here."""
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
    )


def _flags(request: RecipeRequest) -> list[str]:
    values = {
        "--folder": request.folder,
        "--repository": request.repository,
        "--data": request.data,
        "--only": request.only,
        "--seed": request.seed,
    }
    flags = [word for flag, value in values.items() if value is not None for word in (flag, value)]
    switches = {"--smoke": request.smoke, "--resume": request.resume}
    return [*map(str, flags), *(flag for flag, chosen in switches.items() if chosen)]


def _reason(one: _Running) -> str:
    """The error that the process ended with: its last line says what to do."""
    lines = one.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else f"exit code {one.process.returncode}"
    return last.removeprefix("error: ")


def failed(failures: dict[str, str]) -> DataError:
    """One sentence for all that failed."""
    listed = "; ".join(f"{name}: {reason}" for name, reason in failures.items())
    return DataError(f"{len(failures)} of the recipes failed: {listed}")


def _say(text: str) -> None:
    Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)
