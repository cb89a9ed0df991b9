"""The refit: the last stage made once more, with the validation images among the training images.

Whatever had to be chosen is chosen by then, on the network of the last stage, which has never
seen the validation images: its temperature, its likelihoods, the best seed. Nothing can be chosen
on images that are learned from, so every refit takes the same number of steps.

Source: Goodfellow, Bengio & Courville 2016, Deep Learning, section 7.8 (the second training).
"""

from dataclasses import replace
from typing import Any

from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.folds import joined
from training.digits.settling import settling_config

TWIN_NOTE = "of the twin that never saw these images"
LEARNED_NOTE = "the refit has learned from these images: they compare both precisions, no more"
_NOTE = (
    "The last stage was made twice from the same weights: without the validation images, which "
    "gave the temperature, the validation figures, the best step and the choice of the seed; and "
    "with them, which gave the exported weights and the test figures."
)


def refit_config(config: DigitsTraining) -> DigitsTraining:
    """The settings of the last stage, but for its checkpoint and that its last weights count."""
    last = settling_config(config)
    return replace(last, name=f"{config.name}/refit", keep="last", validate_every=last.steps)


def with_validation(data: DigitData) -> DigitData:
    """The data with its validation images among the training images as well."""
    return replace(data, training=joined(data.training, data.validation))


def describe_refit(config: DigitsTraining, data: DigitData) -> dict[str, Any]:
    """What a manifest says of it; nothing where there was none."""
    if not config.refits:
        return {}
    n_images = len(data.training) + len(data.validation)
    return {"refit": {"steps": refit_config(config).steps, "images": n_images, "note": _NOTE}}
