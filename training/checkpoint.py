"""Checkpoints: written whole or not at all, and refused when they belong to other settings."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import torch

from training.config import TrainingConfig
from training.errors import CheckpointError

CHECKPOINT_FILE = "checkpoint.pt"
# What may differ between a training and its continuation.
_FREE = {"resume", "device", "threads", "repository", "runs", "anyway"}
_FREE |= {"steps", "settling_steps", "refit", "views"}


def save_checkpoint(path: Path, state: dict[str, Any], config: TrainingConfig) -> None:
    """Write to a temporary name, then rename, so that a crash leaves the old checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state | {"config": _fingerprint(config)}, temporary)
    os.replace(temporary, path)


def load_checkpoint(path: Path, config: TrainingConfig) -> dict[str, Any]:
    """Read a checkpoint; only tensors and plain values are accepted, never code.

    Raises:
        CheckpointError: there is none, it is damaged, or it was made with other settings.
    """
    if not path.is_file():
        raise CheckpointError(f"--resume: there is no checkpoint at {path}; train without --resume")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged archive
        raise CheckpointError(
            f"{path} is not a readable checkpoint; train without --resume"
        ) from error
    now = _fingerprint(config)
    changed = [
        f"{key.rstrip('_')} was {old}, now {now.get(key)}"
        for key, old in state["config"].items()
        if key not in _FREE and now.get(key) != old
    ]
    if changed:
        raise CheckpointError(f"--resume: the checkpoint has other settings: {'; '.join(changed)}")
    return state


def _fingerprint(config: TrainingConfig) -> dict[str, str]:
    values = dataclasses.asdict(config).items()
    kept = {key: str(value) for key, value in values if key not in _FREE}
    if kept.get("from_") == "None":  # as before there was --from: old checkpoints stay good
        del kept["from_"]
    return kept
