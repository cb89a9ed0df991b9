"""Where an export comes from: the command, the settings, the commit, the data, the versions."""

import dataclasses
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from models.export_folder import digest_file
from models.manifest import DataSource
from training.config import TrainingConfig
from training.loop import History

# Options that say where, not what; a manifest travels, so paths stay at home.
# What an export was adapted from stands beside them, with its digest.
_OF_THIS_MACHINE = {"repository", "runs", "resume", "from_", "anyway"}


def describe_training(config: TrainingConfig, history: History) -> dict[str, Any]:
    """The ``training`` entry of a manifest."""
    arguments = [word for word in sys.argv[1:] if word != "--resume"]
    return {
        "command": " ".join(["seqserve", *map(shlex.quote, arguments)]),
        "config": chosen_options(config),
        "seed": config.seed,
        "steps": int(history.records[-1]["step"]) if history.records else 0,
        "best_step": history.best_step,
        "wall_time_s": round(history.wall_time_s, 1),
        "threads": torch.get_num_threads(),
        "git_commit": git_commit(),
    }


def chosen_options(config: TrainingConfig) -> dict[str, Any]:
    """Every option that shaped the training, files by their names."""
    values = dataclasses.asdict(config).items()
    kept = [(key, value) for key, value in values if key not in _OF_THIS_MACHINE]
    return {key: value.name if isinstance(value, Path) else value for key, value in kept}


def git_commit() -> str:
    """The commit this code runs at, with ``+`` when the tree has changes; empty without git."""
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def data_source(path: Path, role: str, licence: str = "") -> DataSource:
    """Name and digest of a data file; ``role`` says what it was used for."""
    return DataSource(name=path.name, sha256=digest_file(path).sha256, role=role, licence=licence)


def library_versions() -> dict[str, str]:
    """Versions that a reader needs to repeat the training."""
    return {
        "seqserve": metadata.version("seqserve"),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
