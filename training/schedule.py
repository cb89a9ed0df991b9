"""Learning rate over the steps of a training."""

import math


def warmup_cosine(step: int, *, steps: int, warmup_steps: int, floor: float = 0.01) -> float:
    """Factor of the highest learning rate: linear warm-up, then half a cosine down to ``floor``.

    Source: Loshchilov & Hutter 2017, arXiv:1608.03983.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, steps - warmup_steps)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def warmup_constant(step: int, *, steps: int, warmup_steps: int) -> float:
    """Factor of the highest learning rate: linear warm-up, then 1 for the rest of ``steps``."""
    del steps
    return min(1.0, (step + 1) / max(1, warmup_steps))
