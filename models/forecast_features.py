"""What the network is told about a row and about each candidate, free of scale."""

import torch
from torch import Tensor, nn

from models.forecast_backtest import N_CHECKS, Trial
from models.forecast_constants import number, whole
from models.forecast_smoothing import N_METHODS, Smooth
from models.forecast_views import N_VIEWS, Views
from models.forecast_window import Window

N_ROW_FEATURES = 22 + N_CHECKS
N_CANDIDATE_FEATURES = 3 * N_CHECKS + 6
NO_TRIAL = -1.0  # log error taken where the past was too short to try anything
# What brings the features of a row to order one.
THIRD = 1 / 3
ROW_FACTORS = [THIRD, 0.5, THIRD, *[1.0] * 6, THIRD, 1.0, 2.0, 1.0, 2.0, 0.25, 0.25, THIRD]
ROW_FACTORS += [1.0] * 5 + [THIRD] * N_CHECKS
ROW_OFFSETS = [-1.0 if place in (0, 13) else 0.0 for place in range(N_ROW_FEATURES)]
LATER_CHECK = 0.25  # how much larger the log error is taken at a later check not tried


def signed_log(values: Tensor) -> Tensor:
    """Logarithm that keeps the sign and is linear near zero."""
    return torch.copysign(torch.log1p(values.abs()), values)


def log_errors(
    trial: Trial, views: Views, untried: float = NO_TRIAL, later: float = LATER_CHECK
) -> Tensor:
    """(C, K, V, B) log of the mean absolute errors, untried checks continued from earlier ones."""
    logs = torch.log(torch.addcmul(number(1e-3), trial.size, views.unit))
    tried = (trial.n_tried > 0).unsqueeze(1).unsqueeze(1)
    if bool(tried.all()):
        return logs
    continued = [torch.where(tried[0], logs[0], untried)]
    for check in range(1, logs.shape[0]):
        guess = continued[check - 1] + later
        continued.append(torch.where(tried[check], logs[check], guess))
    return torch.stack(continued)


class RowFeatures(nn.Module):
    """Length, season, roughness, trend, level, sign and completeness of the past.

    Every feature is smooth, so that rounding never shows: no sign and no threshold of a change.
    """

    def __init__(self) -> None:
        super().__init__()
        self.factors = ROW_FACTORS
        self.offsets = ROW_OFFSETS

    def forward(self, window: Window, views: Views, period: Tensor, trial: Trial) -> Tensor:
        """(F, B) features of every row."""
        n, season, small = window.length.float(), period.float(), number(1e-3)
        steps = (n - number(1.0)).clamp(min=1)
        rates, newest, echo = _changes(window, views.series.select(0, 2))
        rates = rates / steps  # (4, B)
        rough = rates.select(0, 0) + small
        recent = (newest / steps.clamp(max=12) + small) / rough
        logs = torch.log(torch.stack([n, season, (n / season).clamp(max=60), rough, recent]))
        varies = window.scale > number(0.0)
        yearly, quarterly = period == whole(12), period == whole(4)
        truths = [period > whole(1), quarterly, yearly, window.positive, window.nonnegative, varies]
        flags = torch.stack(truths).float()
        shape = [
            echo,
            rates.select(0, 1) / rough,
            rates.select(0, 2),
            flags.select(0, 5) / (window.level.abs() + number(1.0)),
            window.scaled.amax(1),
            window.scaled.amin(1),
            window.scaled.select(1, -1),
            logs.select(0, 4),
            torch.ones_like(n) if window.full else window.observed.sum(1) / n,
        ]
        features = [
            logs.narrow(0, 0, 3),
            flags.narrow(0, 0, 3),
            views.kept,
            logs.narrow(0, 3, 1),
            torch.stack(shape),
            flags.narrow(0, 3, 2),
            rates.narrow(0, 3, 1),
            torch.log1p(trial.n_tried),
        ]
        factor, offset = (
            torch.tensor(self.factors).to(n.device),
            torch.tensor(self.offsets).to(n.device),
        )
        return torch.addcmul(offset.unsqueeze(1), torch.cat(features), factor.unsqueeze(1))


def _changes(window: Window, adjusted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of the changes of a series.

    Shape:
        adjusted: (B, T); returns (4, B) of sizes, changes, signs and stillness, (B,) of the newest
            sizes, (B,) how each change echoes the one before it.
    """
    n_changes = adjusted.shape[1] - 1
    change = adjusted.narrow(1, 1, n_changes) - adjusted.narrow(1, 0, n_changes)
    inside = window.inside.narrow(1, 0, n_changes)
    if not window.full:
        change = change * inside
    size, square = change.abs(), change * change
    still = torch.add(number(1.0), square, alpha=1e8).reciprocal()
    if not window.full:
        still = still * inside
    sums = torch.stack([size, change, change / (size + number(1e-3)), still]).sum(2)
    newest = size.narrow(1, max(n_changes - 12, 0), min(n_changes, 12)).sum(1)
    echo = change.narrow(1, 1, n_changes - 1) * change.narrow(1, 0, n_changes - 1)
    return sums, newest, echo.sum(1) / (square.sum(1) + number(1e-6))


def candidate_features(
    smooth: Smooth,
    views: Views,
    trial: Trial,
    logs: Tensor,
    n_methods: int = N_METHODS,
    n_views: int = N_VIEWS,
) -> Tensor:
    """(F, K, V, B) errors relative to the other candidates, and where each one points.

    Shape:
        logs: (C, K, V, B) of ``log_errors``.
    """
    tried = (trial.n_tried > number(0.0)).float().unsqueeze(1).unsqueeze(1)
    usual = logs.flatten(1, 2).sum(1) * number(1 / (n_methods * n_views))
    relative = (logs - usual.unsqueeze(1).unsqueeze(1)) * tried
    size = torch.addcmul(number(1e-3), trial.size, views.unit)
    sign = trial.bias * views.unit / size
    typical = torch.exp(logs.select(0, 0).flatten(0, 1).amin(0)) + number(0.02)
    rise = smooth.last.select(0, 0) - views.series.select(2, -1)
    both = torch.stack([rise, smooth.last.select(0, 1) * number(4.0)])
    both = both * (views.unit / typical)  # (2, K, V, B)
    by_view = both.sum(1, keepdim=True) * number(1 / n_methods)
    apart = both - by_view.sum(2, keepdim=True) * number(1 / n_views)
    places = signed_log(torch.cat([both, apart, by_view.expand_as(both)]))
    return torch.cat([relative, sign, tried.expand_as(relative), places])
