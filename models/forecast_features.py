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
    return torch.sign(values) * torch.log1p(values.abs())


def log_errors(
    trial: Trial, window: Window, untried: float = NO_TRIAL, later: float = LATER_CHECK
) -> Tensor:
    """(B, V, K, C) log of the mean absolute errors, untried checks continued from earlier ones."""
    size = trial.size * error_unit(window).unsqueeze(2).unsqueeze(3)
    logs = torch.log(size + 1e-3)
    tried = (trial.n_tried > 0).unsqueeze(1).unsqueeze(1)
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
    change = (adjusted[:, 1:] - adjusted[:, :-1]) * window.inside[:, :-1]
    rough = change.abs().sum(1) / steps
    newest = change[:, -12:].abs().sum(1) / steps.clamp(max=12)
    relative = (window.scale / (window.loc.abs() + window.scale + 1e-12)).float()
    still = (window.inside[:, :-1] / (1 + (change / 1e-4) ** 2)).sum(1) / steps
    features = [
        torch.log(n) / 3 - 1,
        torch.log(season) / 2,
        torch.log((n / season).clamp(max=60)) / 3,
        (period > 1).float(),
        (period == 4).float(),
        (period == 12).float(),
        views.kept[:, 0],
        views.kept[:, 1],
        views.kept[:, 2],
        torch.log(rough + 1e-3) / 3,
        (change[:, 1:] * change[:, :-1]).sum(1) / ((change**2).sum(1) + 1e-6),
        change.sum(1) / steps / (rough + 1e-3) * 2,
        (change / (change.abs() + 1e-3)).sum(1) / steps,
        relative * 2 - 1,
        window.scaled.amax(1) / 4,
        window.scaled.amin(1) / 4,
        window.scaled[:, -1] / 3,
        torch.log((newest + 1e-3) / (rough + 1e-3)),
        (window.observed & window.inside).sum(1) / n,
        window.positive.float(),
        window.nonnegative.float(),
        still,
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
    size = trial.size * unit.unsqueeze(2).unsqueeze(3)
    sign = trial.bias * unit.unsqueeze(2).unsqueeze(3) / (size + 1e-3)
    typical = torch.exp(logs[..., 0].amin(2).amin(1)).reshape(-1, 1, 1) + 0.02
    scale = unit.unsqueeze(2) / typical
    rise = (smooth.level[..., -1] - views.series[:, :, -1:]) * scale
    slope = smooth.slope[..., -1] * scale
    places = [
        signed_log(rise),
        signed_log(slope * 4),
        signed_log(rise - rise.mean((1, 2), keepdim=True)),
        signed_log((slope - slope.mean((1, 2), keepdim=True)) * 4),
        signed_log(rise.mean(2, keepdim=True)).expand_as(rise),
        signed_log(slope.mean(2, keepdim=True) * 4).expand_as(rise),
    ]
    return torch.cat([relative, sign, tried.expand_as(relative), torch.stack(places, 3)], 3)
