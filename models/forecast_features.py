"""What the network is told about a row and about each candidate, free of scale."""

import torch
from torch import Tensor

from models.forecast_backtest import N_CHECKS, Trial
from models.forecast_smoothing import Smooth
from models.forecast_views import Views
from models.forecast_window import Window

N_ROW_FEATURES = 22 + N_CHECKS
N_CANDIDATE_FEATURES = 3 * N_CHECKS + 6
NO_TRIAL = -1.0  # log error taken where the past was too short to try anything
LATER_CHECK = 0.25  # how much larger the log error is taken at a later check not tried


def signed_log(values: Tensor) -> Tensor:
    """Logarithm that keeps the sign and is linear near zero."""
    return torch.copysign(torch.log1p(values.abs()), values)


def log_errors(
    trial: Trial, views: Views, untried: float = NO_TRIAL, later: float = LATER_CHECK
) -> Tensor:
    """(C, K, V, B) log of the mean absolute errors, untried checks continued from earlier ones."""
    logs = torch.log(trial.size * views.unit + 1e-3)
    tried = (trial.n_tried > 0).unsqueeze(1).unsqueeze(1)
    if bool(tried.all()):
        return logs
    continued = [torch.where(tried[0], logs[0], untried)]
    for check in range(1, logs.shape[0]):
        guess = continued[check - 1] + later
        continued.append(torch.where(tried[check], logs[check], guess))
    return torch.stack(continued)


def row_features(window: Window, views: Views, period: Tensor, trial: Trial) -> Tensor:
    """(F, B) length, season, roughness, trend, level, sign and completeness of the past.

    Every feature is smooth, so that rounding never shows: no sign and no threshold of a change.
    """
    n, season = window.length.float(), period.float()
    steps = (n - 1).clamp(min=1)
    adjusted = views.series[2]
    change = adjusted.diff(dim=1)
    ahead = window.inside[:, :-1]
    if not window.full:
        change = change * ahead
    size, square = change.abs(), change * change
    sums = torch.stack([size, change, change / (size + 1e-3), ahead / (1 + square * 1e8)])
    sums = sums.sum(2) / steps  # (4, B)
    rough = sums[0] + 1e-3
    newest = size[:, -12:].sum(1) / steps.clamp(max=12) + 1e-3
    echo = (change[:, 1:] * change[:, :-1]).sum(1) / (square.sum(1) + 1e-6)
    low, high = window.scaled.amin(1), window.scaled.amax(1)  # a pair is slow to find
    logs = torch.log(torch.stack([n, season, (n / season).clamp(max=60), rough, newest / rough]))
    varies = window.scale > 0
    truths = [period > 1, period == 4, period == 12, window.positive, window.nonnegative]
    flags = torch.stack(truths).float()
    features = [
        logs[0] / 3 - 1,
        logs[1] / 2,
        logs[2] / 3,
        flags[0],
        flags[1],
        flags[2],
        views.kept[0],
        views.kept[1],
        views.kept[2],
        logs[3] / 3,
        echo,
        sums[1] / rough * 2,
        sums[2],
        varies / (window.level.abs() + 1) * 2 - 1,
        high / 4,
        low / 4,
        window.scaled[:, -1] / 3,
        logs[4],
        window.observed.sum(1) / n,
        flags[3],
        flags[4],
        sums[3],
    ]
    return torch.cat([torch.stack(features), torch.log1p(trial.n_tried) / 3])


def candidate_features(smooth: Smooth, views: Views, trial: Trial, logs: Tensor) -> Tensor:
    """(F, K, V, B) errors relative to the other candidates, and where each one points.

    Shape:
        logs: (C, K, V, B) of ``log_errors``.
    """
    tried = (trial.n_tried > 0).float().unsqueeze(1).unsqueeze(1)
    relative = (logs - logs.mean((1, 2), keepdim=True)) * tried
    sign = trial.bias * views.unit / (trial.size * views.unit + 1e-3)
    typical = torch.exp(logs[0].flatten(0, 1).amin(0)) + 0.02
    rise = smooth.last[0] - views.series[:, :, -1]
    both = torch.stack([rise, smooth.last[1] * 4]) * (views.unit / typical)  # (2, K, V, B)
    by_view = both.mean(1, keepdim=True)
    apart = both - by_view.mean(2, keepdim=True)
    places = signed_log(torch.cat([both, apart, by_view.expand_as(both)]))
    return torch.cat([relative, sign, tried.expand_as(relative), places])
