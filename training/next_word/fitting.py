"""Options that suit the length of the text."""

from dataclasses import replace

from training.devices import supported_precision
from training.next_word.config import NextWordTraining

FEWEST_STEPS = 300


def fitted_to(config: NextWordTraining, n_words: int) -> NextWordTraining:
    """Fewer steps and shorter rows where the text is small; no bfloat16 where it is emulated."""
    segment_length = min(config.segment_length, max(1, n_words - config.context_length - 1))
    words_per_step = config.batch_size * segment_length
    enough = max(FEWEST_STEPS, config.max_epochs * n_words // words_per_step)
    steps = min(config.steps, enough)
    return replace(
        config,
        segment_length=segment_length,
        steps=steps,
        validate_every=max(1, config.validate_every * steps // config.steps),
        warmup_steps=config.warmup_steps * steps // config.steps,
        precision=supported_precision(config.precision, config.device),
    )
