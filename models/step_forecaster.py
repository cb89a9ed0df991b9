"""The graph around networks that know one step: a forecaster as the service expects it.

Axis letters: B batch, T time, Q horizon, L quantile levels.
"""

from collections.abc import Sequence
from statistics import NormalDist

import torch
from torch import Tensor, nn

from models.forecast_window import fill_gaps
from models.forecaster import QUANTILE_LEVELS, mean_weights
from models.step_views import GrowthView, LevelView, Seen


class StepForecaster(nn.Module):
    """Forecast by iterating one or several networks, their paths averaged, as mean and quantiles.

    Shape:
        values: (B, T) float32, oldest first, right-aligned, NaN where missing or padded.
        season_length: (B,) int64, 0 for the view's own.
        returns: mean (B, Q) float32, quantiles (B, Q, L) float32 that never fall with the level,
            season length used (B,) int64.
    """

    spread: Tensor
    deviations: Tensor
    mean_weights: Tensor

    def __init__(
        self,
        members: Sequence[nn.Module],
        view: LevelView | GrowthView,
        *,
        horizon: int,
        context_length: int,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.view = view
        self.horizon = horizon
        self.context_length = context_length
        normal = [NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS]
        self.register_buffer("deviations", torch.tensor(normal, dtype=torch.float64))
        self.register_buffer("spread", torch.zeros(horizon, dtype=torch.float64))
        self.register_buffer("mean_weights", mean_weights())

    def forward(self, values: Tensor, season_length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Forecast a batch."""
        seen = self.see(values, season_length)
        base = self.base_path(seen)
        around = self.spread.unsqueeze(1) * self.deviations  # (Q, L)
        quantiles = self.view.values(base.unsqueeze(2) + around, seen)
        quantiles = quantiles.clamp(-3e38, 3e38)
        mean = quantiles @ self.mean_weights
        return mean.float(), quantiles.float(), seen.lag

    def see(self, values: Tensor, season_length: Tensor) -> Seen:
        """What the networks read of a batch: its newest steps, gaps filled."""
        return self.look(values[:, -self.context_length :].double(), season_length)

    def look(self, raw: Tensor, season_length: Tensor) -> Seen:
        """The same for all steps of ``raw`` (B, T) float64, however many."""
        observed = torch.isfinite(raw)
        filled = fill_gaps(torch.where(observed, raw, torch.zeros_like(raw)), observed)
        inside = observed.to(torch.int64).cumsum(1) > 0
        seen: Seen = self.view(filled, inside, season_length)
        return seen

    def base_path(self, seen: Seen) -> Tensor:
        """(B, Q) float64: the middle of the forecast, in the view's base."""
        total = torch.zeros([len(seen.scaled), self.horizon], device=seen.scaled.device)
        for member in self.members:
            total = total + member(seen.scaled, seen.inside, self.horizon)
        return self.view.base_path(total / len(self.members), seen)
