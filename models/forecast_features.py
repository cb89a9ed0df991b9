"""What the network is told about a row and about each candidate, free of scale."""

import torch
from torch import Tensor

from models.forecast_backtest import N_CHECKS, Trial
from models.forecast_smoothing import Smooth
from models.forecast_views import Views, error_unit
from models.forecast_window import Window

N_ROW_FEATURES = 22 + N_CHECKS
N_CANDIDATE_FEATURES = 3 * N_CHECKS + 6
NO_TRIAL = -1.0  # log error taken where the past was too short to try anything
LATER_CHECK = 0.25  # how much larger the log error is taken at a later check not tried


def signed_log(values: Tensor) -> Tensor:
    """Logarithm that keeps the sign and is linear near zero."""
    return torch.copysign(torch.log1p(values.abs()), values)


def log_errors(
    trial: Trial, window: Window, untried: float = NO_TRIAL, later: float = LATER_CHECK
) -> Tensor:
    """(B, V, K, C) log of the mean absolute errors, untried checks continued from earlier ones."""
    size = trial.size * error_unit(window).unsqueeze(2).unsqueeze(3)
    logs = torch.log(size + 1e-3)
    tried = (trial.n_tried > 0).unsqueeze(1).unsqueeze(1)
    if bool(tried.all()):
        return logs
    continued = [torch.where(tried[..., 0], logs[..., 0], torch.full_like(logs[..., 0], untried))]
    for check in range(1, logs.shape[3]):
        guess = continued[check - 1] + later
        continued.append(torch.where(tried[..., check], logs[..., check], guess))
    return torch.stack(continued, 3)


def row_features(window: Window, views: Views, period: Tensor, trial: Trial) -> Tensor:
    """(B, F) length, season, roughness, trend, level, sign and completeness of the past.

    Every feature is smooth, so that rounding never shows: no sign and no threshold of a change.
    """
    n, season = window.length.float(), period.float()
    steps = (n - 1).clamp(min=1)
    adjusted = views.series[:, 2]
    change = adjusted.diff(dim=1) * window.inside[:, :-1]
    size, square = change.abs(), change * change
    still = window.inside[:, :-1] / (1 + square * 1e8)
    ups = change / (size + 1e-3)
    sums = torch.stack([size, change, ups, still], 1).sum(2) / steps.unsqueeze(1)  # (B, 4)
    rough, rise = sums[:, 0] + 1e-3, sums[:, 1]
    newest = size[:, -12:].sum(1) / steps.clamp(max=12) + 1e-3
    echo = (change[:, 1:] * change[:, :-1]).sum(1) / (square.sum(1) + 1e-6)
    relative = (window.scale / (window.loc.abs() + window.scale + 1e-12)).float()
    low, high = window.scaled.aminmax(dim=1)
    cycles = (n / season).clamp(max=60)
    logs = torch.log(torch.stack([n, season, cycles, rough, newest / rough], 1))
    truths = [period > 1, period == 4, period == 12, window.positive, window.nonnegative]
    flags = torch.stack(truths, 1).float()
    features = [
        logs[:, 0] / 3 - 1,
        logs[:, 1] / 2,
        logs[:, 2] / 3,
        flags[:, 0],
        flags[:, 1],
        flags[:, 2],
        views.kept[:, 0],
        views.kept[:, 1],
        views.kept[:, 2],
        logs[:, 3] / 3,
        echo,
        rise / rough * 2,
        sums[:, 2],
        relative * 2 - 1,
        high / 4,
        low / 4,
        window.scaled[:, -1] / 3,
        logs[:, 4],
        (window.observed & window.inside).sum(1) / n,
        flags[:, 3],
        flags[:, 4],
        sums[:, 3],
    ]
    return torch.cat([torch.stack(features, 1), torch.log1p(trial.n_tried) / 3], 1)


def candidate_features(
    smooth: Smooth, views: Views, trial: Trial, window: Window, logs: Tensor
) -> Tensor:
    """(B, V, K, F) errors relative to the other candidates, and where each one points.

    Shape:
        logs: (B, V, K, C) of ``log_errors``.
    """
    unit = error_unit(window)
    tried = (trial.n_tried > 0).float().unsqueeze(1).unsqueeze(1)
    relative = (logs - logs.mean((1, 2), keepdim=True)) * tried
    units = unit.unsqueeze(2).unsqueeze(3)
    sign = trial.bias * units / (trial.size * units + 1e-3)
    typical = torch.exp(logs[..., 0].flatten(1).amin(1)).reshape(-1, 1, 1) + 0.02
    scale = (unit.unsqueeze(2) / typical).unsqueeze(3)
    rise = smooth.level[..., -1] - views.series[:, :, -1:]
    both = torch.stack([rise, smooth.slope[..., -1] * 4], 3)  # (B, V, K, 2)
    both = both * scale
    by_view = both.mean(2, keepdim=True)
    apart = both - by_view.mean(1, keepdim=True)
    places = signed_log(torch.cat([both, apart, by_view.expand_as(both)], 3))
    return torch.cat([relative, sign, tried.expand_as(relative), places], 3)
