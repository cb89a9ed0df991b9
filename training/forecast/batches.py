"""Batches of real and simulated windows, each a function of the seed and the step alone."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.devices import step_generator
from training.forecast.config import ForecastTraining
from training.forecast.series import Values
from training.forecast.synthetic import draw_seasons, simulate
from training.forecast.windows import Augmentation, Example, WindowBank, draw_horizon

SHORT_CONTEXT = 128  # three batches of four hold short pasts only, which is faster
LONG_EVERY = 4
GAPPY_SHARE = 0.08
UNTOLD_SHARE = 0.08  # rows whose season must be detected, and as many told that there is none


@dataclass(frozen=True)
class Batch:
    """Rows to forecast and their truth.

    Shape:
        values: (B, T) float32, right-aligned; future: (B, Q) float32, NaN where not asked.
        told: (B,) int64 season length given to the network; season_length: the true one.
    """

    values: Tensor
    future: Tensor
    told: Tensor
    season_length: Tensor


class BatchMaker:
    """Random access to the batches of a training."""

    def __init__(self, bank: WindowBank, config: ForecastTraining) -> None:
        self._bank = bank
        self._config = config
        self._real = round(config.batch_size * config.real_share)
        self._augmentation = Augmentation(
            config.coarser_share, config.mixed_share, config.changed_share
        )

    def batch(self, step: int) -> Batch:
        """The batch of one step."""
        config = self._config
        rng = step_generator(config.seed, step)
        context = config.context_length
        if step % LONG_EVERY:
            context = min(SHORT_CONTEXT, context)
        examples = [
            self._bank.draw(rng, context, config.horizon, self._augmentation)
            for _ in range(self._real)
        ]
        examples += simulated(rng, config.batch_size - self._real, context, config.horizon)
        return collate(rng, [e for e in examples if _useful(e)], context, config.horizon)


def simulated(
    rng: np.random.Generator, n_rows: int, context_length: int, horizon: int
) -> list[Example]:
    """Examples of simulated series of many lengths."""
    if not n_rows:
        return []
    season = draw_seasons(rng, n_rows)
    low = np.where(rng.random(n_rows) < 0.25, 3, np.minimum(2 * season, 60))
    low = np.minimum(np.maximum(low, 3), context_length)
    high = np.where(rng.random(n_rows) < 0.75, min(140, context_length), context_length)
    drawn = np.exp(rng.uniform(np.log(low), np.log(np.maximum(low, high))))
    length = np.clip(drawn.astype(np.int64), 1, context_length)
    ahead = np.array([draw_horizon(rng, int(m), horizon) for m in season])
    values = simulate(rng, season, length + ahead, context_length + horizon).values
    return [
        Example(row[:n], row[n : n + q], int(m))
        for row, n, q, m in zip(values, length, ahead, season, strict=True)
    ]


def collate(
    rng: np.random.Generator, examples: list[Example], context_length: int, horizon: int
) -> Batch:
    """Align examples, knock holes into some, and hide some seasons."""
    values = np.full((len(examples), context_length), np.nan)
    future = np.full((len(examples), horizon), np.nan)
    for row, example in enumerate(examples):
        past = example.past
        if rng.random() < GAPPY_SHARE:
            past = with_gaps(rng, past)
        unit = np.nanmax(np.abs(past)) or 1.0
        values[row, context_length - len(past) :] = past / unit
        future[row, : len(example.future)] = example.future / unit
    season = np.array([example.season_length for example in examples])
    chance = rng.random(len(examples))
    told = np.where(chance < UNTOLD_SHARE, 0, np.where(chance > 1 - UNTOLD_SHARE, 1, season))
    return Batch(
        values=torch.from_numpy(values.astype(np.float32)),
        future=torch.from_numpy(future.astype(np.float32)),
        told=torch.from_numpy(told.astype(np.int64)),
        season_length=torch.from_numpy(season.astype(np.int64)),
    )


def with_gaps(rng: np.random.Generator, past: Values) -> Values:
    """Remove single values or a run of them, but leave at least two."""
    n = len(past)
    if rng.random() < 0.3:
        start = rng.integers(n)
        gone = (np.arange(n) >= start) & (np.arange(n) < start + rng.integers(1, 20))
    else:
        gone = rng.random(n) < rng.uniform(0.02, 0.4)
    left = np.where(gone, np.nan, past)
    return left if np.isfinite(left).sum() >= 2 else past


def _useful(example: Example) -> bool:
    return bool(np.isfinite(example.past).any() and np.isfinite(example.future).any())
