"""The stages of a training, and how a network goes through them.

Strong warps come first. From the weights at their end two networks go on: one settles without the
validation images and is judged by them, the other settles with them and is exported.
"""

from dataclasses import replace
from typing import Generic, NamedTuple, TypeVar

from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.refit import refit_config, with_validation
from training.digits.settling import settling_config
from training.digits.task import DigitsTask
from training.loop import History, fit

Thing = TypeVar("Thing")


class ByStage(NamedTuple, Generic[Thing]):
    """Something of each stage: its settings, its images, its task or its network."""

    first: Thing
    settling: Thing
    refit: Thing


def configs_of(config: DigitsTraining) -> ByStage[DigitsTraining]:
    """The settings of each stage, which has a checkpoint of its own."""
    return ByStage(config, settling_config(config), refit_config(config))


def images_of(data: DigitData) -> ByStage[DigitData]:
    """What each stage learns from."""
    return ByStage(data, data, with_validation(data))


def fit_stages(configs: ByStage[DigitsTraining], tasks: ByStage[DigitsTask]) -> History:
    """Train the network of each task; one whose stage is left out is that of the stage before.

    Returns:
        The first two stages as one training, with the time that all of them took.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the checkpoint is kept.
    """
    before = configs.first
    history = fit(tasks.first, before, title=before.name)
    _carry_over(tasks.first, tasks.settling)
    if before.settling_steps:
        history = joined(
            history, fit(tasks.settling, configs.settling, title=configs.settling.name)
        )
    _carry_over(tasks.first if before.refits else tasks.settling, tasks.refit)
    if before.refits:
        refit = fit(tasks.refit, configs.refit, title=configs.refit.name)
        history = replace(history, wall_time_s=history.wall_time_s + refit.wall_time_s)
    return history


def _carry_over(before: DigitsTask, after: DigitsTask) -> None:
    after.network.load_state_dict(before.network.state_dict())
    after.network.eval()


def joined(first: History, last: History) -> History:
    """Both as one training."""
    n_steps = int(first.records[-1]["step"])
    moved = [{**record, "step": record["step"] + n_steps} for record in last.records]
    return History(
        records=[*first.records, *moved],
        best_step=last.best_step + n_steps,
        best=last.best,
        wall_time_s=first.wall_time_s + last.wall_time_s,
    )
