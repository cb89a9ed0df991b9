"""Raw series made into windows: trimmed, gaps filled, shifted and scaled.

Axis letters of the forecaster's files: B batch, T time steps, V views, K methods, W origins,
J discounts, C checks, A anchors, Q horizon, L quantile levels, F features, H hidden units.

TorchScript reads no module constant inside a function, but it does read default arguments; hence
the constants in the signatures of these files.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

PATCH = 16
# Below this share of the largest magnitude a spread is rounding of float32, not a signal.
FLAT = 1e-7


class Window(NamedTuple):
    """The scaled past of every row; steps before its first value hold zeros.

    Shape:
        scaled: (B, T) float32, ``(values / unit - loc) / scale`` with gaps filled.
        logs: (B, T) float32, log of ``values / unit`` less ``log_loc``; zeros unless positive.
        observed: (B, T) bool, true where the caller gave a number.
        inside: (B, T) bool, true from the first value on.
        length: (B,) int64, steps from the first value to the end.
        unit: (B,) float64, the largest magnitude of the row.
        loc, scale, log_loc: (B,) float64, in that unit; ``scale`` is 0 for a constant row.
        positive, nonnegative: (B,) bool.
    """

    scaled: Tensor
    logs: Tensor
    observed: Tensor
    inside: Tensor
    length: Tensor
    unit: Tensor
    loc: Tensor
    scale: Tensor
    log_loc: Tensor
    positive: Tensor
    nonnegative: Tensor


def fit_length(values: Tensor, context_length: int, patch: int = PATCH) -> Tensor:
    """Keep the newest steps and pad on the left to whole patches."""
    recent = values[:, -context_length:]
    short = (patch - recent.shape[1] % patch) % patch
    return pad(recent, [short, 0], value=float("nan"))


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
    raw = fit_length(values, context_length).double()
    observed = torch.isfinite(raw)
    raw = torch.where(observed, raw, torch.zeros_like(raw))
    unit = _or_one(raw.abs().amax(1))
    filled = raw / unit.unsqueeze(1)
    n_steps = raw.shape[1]
    length = n_steps - observed.to(torch.int64).argmax(1)
    inside = torch.arange(n_steps, device=raw.device) >= (n_steps - length).unsqueeze(1)
    if bool((inside & ~observed).any()):
        filled = fill_gaps(filled, observed)
    loc = _mean(filled, inside)
    centred = (filled - loc.unsqueeze(1)) * inside
    scale = _mean(centred.abs(), inside)
    scale = torch.where(scale > flat, scale, torch.zeros_like(scale))
    scaled = torch.where((scale > 0).unsqueeze(1), centred, torch.zeros_like(centred))
    smallest = torch.where(inside, filled, torch.ones_like(filled)).amin(1)
    positive = smallest > flat
    logs = torch.log(torch.where(inside & positive.unsqueeze(1), filled, torch.ones_like(filled)))
    log_loc = _mean(logs, inside)
    return Window(
        scaled=(scaled / _or_one(scale).unsqueeze(1)).float(),
        logs=((logs - log_loc.unsqueeze(1)) * inside).float(),
        observed=observed,
        inside=inside,
        length=length,
        unit=unit,
        loc=loc,
        scale=scale,
        log_loc=log_loc,
        positive=positive,
        nonnegative=smallest >= 0,
    )


def level_in_scales(window: Window) -> Tensor:
    """(B,) float32: ``loc`` counted in ``scale``; adding it to ``scaled`` gives back the level."""
    return (window.loc / _or_one(window.scale)).float()


def log_level_in_scales(window: Window) -> Tensor:
    """(B,) float32: what to add to ``logs`` so that its exponential is counted in ``scale``."""
    return (window.log_loc - _or_one(window.scale).log()).float()


def to_values(scaled: Tensor, window: Window) -> Tensor:
    """Back to the caller's unit, never below zero where the past never was.

    Shape:
        scaled: (B, Q, L) float32; returns the same, finite.
    """
    limit = 3e38
    loc, scale = window.loc.reshape(-1, 1, 1), window.scale.reshape(-1, 1, 1)
    values = loc + scale * scaled.double()
    values = torch.where(window.nonnegative.reshape(-1, 1, 1), values.clamp(min=0), values)
    return (values * window.unit.reshape(-1, 1, 1)).clamp(min=-limit, max=limit).float()


def _mean(values: Tensor, inside: Tensor) -> Tensor:
    return (values * inside).sum(1) / inside.sum(1)


def _or_one(values: Tensor) -> Tensor:
    return torch.where(values > 0, values, torch.ones_like(values))
