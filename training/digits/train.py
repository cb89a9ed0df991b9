"""``seqserve train digits``: pictures of digits -> row classifier -> checked export.

Expect: with MNIST and ``--seeds 3``, see ``models/repository/digits/1/manifest.json`` for the
accuracy of each seed, the seeds and the wall time that the shipped export took.
"""

import math
from dataclasses import replace
from pathlib import Path

from models.row_classifier import RowProbabilities
from training.devices import supported_precision
from training.digits.adapt import adapt
from training.digits.config import DigitsTraining
from training.digits.data import DigitData, load_digits
from training.digits.describe import draft_of
from training.digits.precision import write_measured
from training.digits.runs import best_run, train_seeds


def train(config: DigitsTraining) -> Path:
    """Train, measure on the test images, and write the export of the best seed on validation.

    Raises:
        DataError: the data makes no sense.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
        NotRecommended: what ``--from`` names was adapted, and that is no better.
    """
    if config.from_:
        return adapt(config)
    data = load_digits(config.data, smoke=config.smoke)
    effective = fitted_to(config, data)
    runs = train_seeds(data, effective)
    best = best_run(runs)
    draft = draft_of(data, effective, runs, best)
    reader = RowProbabilities(best.network, temperature=best.temperature, n_views=config.views)
    return write_measured(reader, draft, config.repository, data)


def fitted_to(config: DigitsTraining, data: DigitData) -> DigitsTraining:
    """Fewer steps where the data is small, and no bfloat16 where the processor lacks it."""
    per_round = math.ceil(len(data.training) / min(config.batch_size, len(data.training)))
    steps = min(config.steps, config.max_epochs * per_round)
    teacher_steps = min(config.teacher_steps, config.max_epochs * per_round)
    warmup = min(config.warmup_steps, steps // 10)
    precision = supported_precision(config.precision, config.device)
    return replace(
        config,
        steps=steps,
        teacher_steps=teacher_steps,
        warmup_steps=warmup,
        precision=precision,
    )
