"""Who is compared: seven other servers, each in its own environment, and this one."""

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.serving.protocols import Bento, Dialect, OpenInference, Plain
from service.allocator import AUTO, PRELOAD, to_preload

HERE = Path(__file__).parent
SERVERS = HERE / "servers"
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "bench"


def quick_memory() -> dict[str, str]:
    """What preloads the allocator that this server takes by itself where it is installed."""
    library = os.environ.get(PRELOAD) or to_preload(AUTO)
    return {PRELOAD: library} if library else {}


@dataclass(frozen=True)
class Contestant:
    """A server: its name, the folder below ``servers/`` that starts it, and how to talk to it.

    ``folder`` is None for this server. ``needs`` is a program that it cannot run without.
    """

    name: str
    folder: str | None
    dialect: Dialect = field(default_factory=Plain)
    needs: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Whether it is this server."""
        return self.folder is None

    def command(self, port: int, repository: Path, model: str) -> tuple[list[str], Path]:
        """What starts it, and where."""
        if self.folder is None:
            serve = [sys.executable, "-m", "seqserve", "serve", "--port", str(port)]
            return [*serve, "--repository", str(only(repository, model))], ROOT
        return [str(venv_of(self.folder) / "bin" / "python"), "serve.py"], SERVERS / self.folder


def only(repository: Path, model: str) -> Path:
    """A repository with one of the models: the other servers have no more either."""
    folder = BUILD / "repositories" / model
    folder.mkdir(parents=True, exist_ok=True)
    link, target = folder / model, (repository / model).resolve()
    if link.resolve() != target:
        new = folder.parent / f"{model}.{os.getpid()}"  # several processes may come here at once
        new.symlink_to(target)
        new.replace(link)
    return folder


def venv_of(folder: str) -> Path:
    """The environment of a server."""
    return BUILD / folder / "venv"


OTHERS = (
    Contestant("FastAPI", "fastapi"),
    Contestant("LitServe", "litserve"),
    Contestant("Mosec", "mosec"),
    Contestant("MLServer", "mlserver", OpenInference()),
    Contestant("BentoML", "bentoml", Bento()),
    Contestant("Ray Serve", "ray"),
    # The only one whose documentation names an allocator.
    Contestant(
        "TorchServe",
        "torchserve",
        Plain("/predictions"),
        needs="java",
        environment=quick_memory(),
    ),
)
QUIET = {"SEQSERVE_ACCESS_LOG": "false", "SEQSERVE_LOG_LEVEL": "warning"}
OURS = Contestant("seqserve", None, environment=QUIET)
# The passes of all others: by torch, in float32.
BY_TORCH = QUIET | {"SEQSERVE_PRECISION": "float32", "SEQSERVE_PASSES": "graph"}
CONTESTANTS = (*OTHERS, OURS, Contestant("seqserve, torch", None, environment=BY_TORCH))


def with_quick_memory(contestant: Contestant) -> Contestant:
    """The same with the allocator preloaded, whatever its documentation says."""
    return replace(contestant, environment=contestant.environment | quick_memory())


def processors() -> int:
    """Processors for everybody: each server gets as many workers."""
    return len(os.sched_getaffinity(0))
