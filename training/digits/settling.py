"""The last stage of a training: weaker warps, so that the network settles on digits as they are.

Strong warps teach what a digit may look like, and cost some accuracy on those that nobody warped.
More images are spoilt than before, and stretched as well: late is early enough for that.

Source: He et al. 2019, arXiv:1909.09148 (refinement on images that are hardly augmented).
"""

from dataclasses import replace

from training.digits.config import DigitsTraining
from training.digits.task import DigitsTask
from training.loop import History, fit

Stages = tuple[DigitsTraining, DigitsTraining]
"""The settings of the stage before, and of the last one."""

_FIRST_SEED = 2000  # no training before it has seen these batches
_LEARNING_RATE = 0.25  # of the highest one before
_MOST = 0.1  # of the steps before


def fit_stages(stages: Stages, first: DigitsTask, last: DigitsTask) -> History:
    """Train the network of ``first``, then that of ``last``, which goes on from there.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the checkpoint is kept.
    """
    before, after = stages
    history = fit(first, before, title=before.name)
    last.network.load_state_dict(first.network.state_dict())
    if not before.settling_steps:
        return history
    n_steps = int(history.records[-1]["step"])
    return joined(history, fit(last, after, title=after.name), n_steps)


def settling_config(config: DigitsTraining) -> DigitsTraining:
    """The settings of the last stage, which has a checkpoint of its own."""
    steps = min(config.settling_steps, max(1, round(_MOST * config.steps)))
    return replace(
        config,
        name=f"{config.name}/settling",
        seed=_FIRST_SEED + config.seed,
        steps=steps,
        warmup_steps=min(config.warmup_steps, steps // 20),
        validate_every=max(1, min(config.validate_every, steps // 4)),
        patience=steps,  # all steps are taken
        learning_rate=_LEARNING_RATE * config.learning_rate,
        augmentation=config.settling_augmentation,
        corruption=config.settling_corruption,
        stretching=True,
    )


def joined(first: History, last: History, n_steps: int) -> History:
    """Both stages as one training; the first one took ``n_steps``."""
    moved = [{**record, "step": record["step"] + n_steps} for record in last.records]
    return History(
        records=[*first.records, *moved],
        best_step=last.best_step + n_steps,
        best=last.best,
        wall_time_s=first.wall_time_s + last.wall_time_s,
    )
