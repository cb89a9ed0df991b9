"""A training made of several: each has a folder and a checkpoint of its own below the run's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from training.checkpoint import CHECKPOINT_FILE
from training.config import TrainingConfig

Config = TypeVar("Config", bound=TrainingConfig)


def stages(config: Config, names: Sequence[str]) -> dict[str, Config]:
    """The options of each stage; with ``resume`` those that have begun go on.

    Without ``resume`` all begin anew, so that a later one meets no earlier training. Where none has
    begun, ``resume`` stays as it is, and the first stage says that there is nothing to go on with.
    """
    own = {name: replace(config, name=f"{config.name}/{name}") for name in names}
    files = {name: stage.run_folder / CHECKPOINT_FILE for name, stage in own.items()}
    if not config.resume:
        for path in files.values():
            path.unlink(missing_ok=True)
    elif any(path.is_file() for path in files.values()):
        return {name: replace(stage, resume=files[name].is_file()) for name, stage in own.items()}
    return own
