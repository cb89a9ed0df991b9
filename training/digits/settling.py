"""The last stage of a training: weaker warps, so that the network settles on digits as they are.

Strong warps teach what a digit may look like, and cost some accuracy on those that nobody warped.
More images are spoilt than before, and stretched as well: late is early enough for that.

Source: He et al. 2019, arXiv:1909.09148 (refinement on images that are hardly augmented).
"""

from dataclasses import replace

from training.digits.config import DigitsTraining

_FIRST_SEED = 2000  # no training before it has seen these batches
_LEARNING_RATE = 0.25  # of the highest one before
_MOST = 0.1  # of the steps before


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
