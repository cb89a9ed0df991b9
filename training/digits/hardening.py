"""A last stage of training: less sure of what is no digit, better with spoilt ones, as accurate.

The best network is trained on with spoilt images and non-digits. That makes it robust, and a little
worse with clean images. Weights between those before and those after are nearly as robust long
before they are any worse; validation says how far to go.

Source: Wortsman et al. 2022, arXiv:2109.01903 (averaging weights before and after fine-tuning).
"""

import copy
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from training.checkpoint import CHECKPOINT_FILE
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.runs import Hardening, Run, measured
from training.digits.task import DigitsTask, logits_of
from training.loop import fit

LEARNING_RATE, WARMUP_STEPS, AVERAGE_DECAY = 5e-4, 100, 0.998
CORRUPTION, OUTLIERS, AUGMENTATION = 0.35, 0.25, 1.2
SHARES = tuple(tenths / 10 for tenths in range(11))

Weights = Mapping[str, Tensor]


def harden(data: DigitData, config: DigitsTraining, run: Run) -> Run:
    """``run`` with weights as far towards the hardened ones as validation allows.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the checkpoint is kept.
    """
    own = hardening_config(config)
    checkpoint = own.run_folder / CHECKPOINT_FILE
    if not config.resume:
        checkpoint.unlink(missing_ok=True)
    task = DigitsTask(data, own)
    before = _weights(run.network)
    task.network.load_state_dict(before)
    history = fit(task, replace(own, resume=checkpoint.is_file()), title=own.name)
    after = _weights(task.network)
    accuracies = {share: _accuracy(run, before, after, share, data) for share in SHARES}
    share = furthest(accuracies)
    told = Hardening(share, own.steps, round(history.wall_time_s, 1), run.validation, run.test)
    hardened = measured(_mixed(run, before, after, share), data, run.seed, run.history)
    return replace(hardened, teachers=run.teachers, hardening=told)


def hardening_config(config: DigitsTraining) -> DigitsTraining:
    """The settings of the last stage."""
    steps = config.hardening_steps
    return replace(
        config,
        name=f"{config.name}/hardened",
        seeds=1,
        teachers=0,
        steps=steps,
        validate_every=max(1, steps // 6),
        patience=steps,
        keep="last",
        learning_rate=LEARNING_RATE,
        warmup_steps=min(WARMUP_STEPS, steps // 10),
        average_decay=AVERAGE_DECAY,
        corruption=CORRUPTION,
        outliers=OUTLIERS,
        augmentation=AUGMENTATION * config.augmentation,
    )


def furthest(accuracies: Mapping[float, float]) -> float:
    """The largest share that is no less accurate than share 0."""
    return max(share for share, value in accuracies.items() if value >= accuracies[0.0])


def _weights(network: nn.Module) -> Weights:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _mixed(run: Run, before: Weights, after: Weights, share: float) -> nn.Module:
    network = copy.deepcopy(run.network)
    network.load_state_dict(
        {  # a normalisation counts its batches in whole numbers
            name: old.lerp(after[name], share) if old.is_floating_point() else after[name]
            for name, old in before.items()
        }
    )
    return network.eval()


def _accuracy(run: Run, before: Weights, after: Weights, share: float, data: DigitData) -> float:
    logits = logits_of(_mixed(run, before, after, share), data.validation)
    labels = torch.from_numpy(data.validation.labels)
    return float((logits.argmax(dim=1) == labels).double().mean())
