"""Raw series made into windows: trimmed, gaps filled, shifted and scaled.

Axis letters of the forecaster's files: B batch, T time steps, V views, K methods, W origins,
J moments, C checks, A anchors, Q horizon, L quantile levels, F features, H hidden units. Past the
window rows come late in memory, (K, W, V, B): then an operation runs through long stretches, one
method or origin is a block, and a network that reads candidates has them all as columns.

TorchScript reads no module constant inside a function, but it does read default arguments; hence
the constants in the signatures of these files.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from models.forecast_constants import number

PATCH = 16
# Below this share of the largest magnitude a spread is rounding of float32, not a signal.
FLAT = 1e-7
LIMIT = 3e38  # of an answer, just below that of float32


class Window(NamedTuple):
    """The scaled past of every row; steps before its first value hold zeros.

    Shape:
        scaled: (B, T) float32, ``(values / unit - loc) / scale`` with gaps filled.
        logs: (B, T) float32, log of ``values / unit`` less its mean; zeros unless positive.
        observed: (B, T) bool, true where the caller gave a number.
        inside: (B, T) bool, true from the first value on.
        length: (B,) int64, steps from the first value to the end.
        unit: (B,) float64, the largest magnitude of the row.
        loc, scale: (B,) float64, in that unit; ``scale`` is 0 for a constant row.
        level: (B,) float32, ``loc`` in scales; added to ``scaled`` it gives back the level.
        log_level: (B,) float32, what ``logs`` lacks to be logarithms of levels in scales.
        positive, nonnegative: (B,) bool.
    ``full`` is whether all of every row is observed: then no masks are needed.
    """

    scaled: Tensor
    logs: Tensor
    observed: Tensor
    inside: Tensor
    length: Tensor
    unit: Tensor
    loc: Tensor
    scale: Tensor
    level: Tensor
    log_level: Tensor
    positive: Tensor
    nonnegative: Tensor
    full: bool


def fit_length(values: Tensor, context_length: int, patch: int = PATCH) -> Tensor:
    """Keep the newest steps and pad on the left to whole patches."""
    n_steps = min(values.shape[1], context_length)
    recent = values.narrow(1, values.shape[1] - n_steps, n_steps)
    short = (patch - n_steps % patch) % patch
    return pad(recent, [short, 0], value=float("nan")) if short > 0 else recent


def fill_gaps(values: Tensor, observed: Tensor) -> Tensor:
    """Linear interpolation inside, the last value after the end, zero before the start."""
    n_steps = values.shape[1]
    step = torch.arange(n_steps, device=values.device).expand_as(values)
    before = torch.cummax(torch.where(observed, step, torch.full_like(step, -1)), dim=1)[0]
    after = torch.where(observed, step, torch.full_like(step, n_steps)).flip(1)
    after = torch.cummin(after, dim=1)[0].flip(1)
    left = values.gather(1, before.clamp(min=0))
    right = values.gather(1, after.clamp(max=n_steps - 1))
    right = torch.where(after < n_steps, right, left)
    share = (step - before) / (after - before).clamp(min=1)
    filled = left + (right - left) * share
    return torch.where(before >= 0, filled, torch.zeros_like(filled))


def make_window(values: Tensor, context_length: int, flat: float = FLAT) -> Window:
    """Scale a batch; in float64 until the numbers are of order one.

    Shape:
        values: (B, T) float32, right-aligned, NaN where missing.
    """
    recent = fit_length(values, context_length)
    size = recent.abs()
    observed = size < number(float("inf"))  # not a number is less than nothing
    full = bool(observed.all())
    inside, length = observed, torch.full_like(recent.select(1, 0), size.shape[1])
    if not full:
        recent, size = torch.where(observed, recent, 0.0), torch.where(observed, size, 0.0)
        inside, length = _since_first(observed)
    unit = size.amax(1).double().clamp(min=1e-45)  # of zeros only; below any float32
    filled = recent / unit.unsqueeze(1)
    if not full and not torch.equal(inside, observed):
        filled = fill_gaps(filled, observed)
    loc = filled.sum(1) / length
    centred = filled - loc.unsqueeze(1)
    if not full:
        centred, filled = centred * inside, torch.where(inside, filled, 1.0)
    spread = centred.abs().sum(1) / length
    divisor = torch.threshold(spread, flat, 1.0)
    smallest = filled.amin(1)
    positive = smallest > number(flat)
    logs, log_loc = _centred_logs(filled, positive, length)
    return Window(
        scaled=(centred / torch.threshold(spread, flat, float("inf")).unsqueeze(1)).float(),
        logs=(logs if full else logs * inside).float(),
        observed=observed,
        inside=inside,
        length=length.to(torch.int64),
        unit=unit,
        loc=loc,
        scale=torch.threshold(spread, flat, 0.0),
        level=(loc / divisor).float(),
        log_level=(log_loc - divisor.log()).float(),
        positive=positive,
        nonnegative=smallest >= number(0.0),
        full=full,
    )


def _centred_logs(filled: Tensor, positive: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithms less their mean, and the mean; zeros in rows that are not positive."""
    logs = torch.log(torch.where(positive.unsqueeze(1), filled, number(1.0)))
    mean = logs.sum(1) / length
    return logs - mean.unsqueeze(1), mean


def _since_first(observed: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T) whether a step is the first observed one or later, and (B,) float32 how many are."""
    n_steps = observed.shape[1]
    length = n_steps - observed.to(torch.uint8).argmax(1)
    step = torch.arange(n_steps, device=observed.device)
    return step >= (n_steps - length).unsqueeze(1), length.float()


def to_values(scaled: Tensor, window: Window, limit: float = LIMIT) -> Tensor:
    """Back to the caller's unit, never below zero where the past never was.

    Shape:
        scaled: (B, Q, L) float32; returns the same in float64, finite in float32.
    """
    loc, scale = window.loc * window.unit, window.scale * window.unit
    values = torch.addcmul(loc.reshape(-1, 1, 1), scaled.double(), scale.reshape(-1, 1, 1))
    lowest = torch.where(window.nonnegative, number(0.0), number(-limit)).reshape(-1, 1, 1)
    return values.clamp(max=limit).maximum(lowest)
