"""The forecaster: classical forecasts of five views, weighed and spread by a small network.

A recurrent cell (or an MLP) reads the window; with features of the row and of how each classical
candidate did on the row's own past it sets the candidates' weights for every step ahead, a bounded
correction, and quantiles. All of it, season and scaling included, is inside the graph.

Whoever changes the mathematics of these files changes service/passes/forecast/, its twin in C, too.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.forecast_backtest import CHECKS, Backtest, Trial
from models.forecast_constants import number
from models.forecast_encoder import make_encoder, make_patches
from models.forecast_features import (
    N_ROW_FEATURES,
    RowFeatures,
    candidate_features,
    log_errors,
    signed_log,
)
from models.forecast_heads import (
    ANCHORS,
    N_ANCHORS,
    CandidateWeights,
    QuantileSpread,
    anchor_shares,
)
from models.forecast_season_length import SeasonLength
from models.forecast_smoothing import METHODS, N_METHODS, Smooth, Smoother, reach_of
from models.forecast_views import N_VIEWS, Views, from_views, make_views
from models.forecast_window import Window, make_window, to_values

QUANTILE_LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
MAX_CONTEXT = 512
LARGEST_SCALED = 1e4


class Past(NamedTuple):
    """All that is computed from a row without weights; no gradient passes through it."""

    window: Window
    period: Tensor
    views: Views
    smooth: Smooth
    trial: Trial


class Forecaster(nn.Module):
    """Forecast any series, zero-shot, as mean and quantiles.

    Shape:
        values: (B, T) float32, oldest first, right-aligned, NaN where missing or padded.
        season_length: (B,) int64, 0 to detect it, 1 for none.
        returns: mean (B, Q) float32, quantiles (B, Q, L) float32 that never fall with the level,
            season length used (B,) int64.

    Raises:
        ValueError: if ``cell`` is not one of ``forecast_encoder.ENCODERS``.

    Source: Montero-Manso et al. 2020 (FFORMA: weighing classical forecasts by features);
    Assimakopoulos & Nikolopoulos 2000 (Theta); Hochreiter & Schmidhuber 1997 (LSTM).
    """

    shares: Tensor
    paths: Tensor
    damped: Tensor
    anchor_reach: Tensor
    mean_weights: Tensor
    check_of: Tensor

    def __init__(
        self,
        cell: str = "gru",
        *,
        hidden_size: int = 64,
        width: int = 128,
        horizon: int = 64,
        context_length: int = MAX_CONTEXT,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.horizon = horizon
        self.n_views = N_VIEWS
        self.n_methods = N_METHODS
        self.anchors = N_ANCHORS
        self.largest = LARGEST_SCALED
        self.context_length = context_length
        self.season = SeasonLength(context_length)
        self.smoother = Smoother(context_length)
        self.backtest = Backtest()
        self.features = RowFeatures()
        self.encoder = make_encoder(cell, hidden_size)
        self.row = nn.Sequential(
            nn.Linear(N_ROW_FEATURES + N_VIEWS + hidden_size, width),
            nn.SiLU(),
            nn.Dropout(dropout / 2),
            nn.Linear(width, width),
            nn.SiLU(),
        )
        self.weights = CandidateWeights(width, dropout)
        self.spread = QuantileSpread(width, QUANTILE_LEVELS)
        shares = anchor_shares(horizon)
        self.register_buffer("shares", shares)
        self.register_buffer("paths", path_shares(shares))
        self.register_buffer("damped", damping_classes())
        anchor_reach = reach_of(torch.tensor(ANCHORS)).t().contiguous()
        self.register_buffer("anchor_reach", anchor_reach.unsqueeze(1))  # (A, 1, K)
        self.register_buffer("mean_weights", mean_weights())
        nearest = [min(range(len(CHECKS)), key=lambda c: abs(CHECKS[c] - a)) for a in ANCHORS]
        self.register_buffer("check_of", torch.tensor(nearest))

    def forward(self, values: Tensor, season_length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Forecast a batch."""
        past = self.observe(values, season_length)
        scaled = self.scaled_quantiles(past)
        exact = to_values(scaled, past.window)
        return (exact @ self.mean_weights).float(), exact.float(), past.period

    def observe(self, values: Tensor, season_length: Tensor) -> Past:
        """Everything that needs no trained weights."""
        window = make_window(values, self.context_length)
        period = self.season(window.scaled, window.inside, window.length, season_length)
        views = make_views(window, period, self.horizon)
        smooth = self.smoother(views.series, window.length)
        trial = self.backtest(smooth, views.series, window.observed, window.length)
        return Past(window, period, views, smooth, trial)

    def scaled_quantiles(self, past: Past) -> Tensor:
        """(B, Q, L) quantiles in the unit of ``past.window.scaled``."""
        logs = log_errors(past.trial, past.views)
        candidates = candidate_features(past.smooth, past.views, past.trial, logs)
        weights, row = self._weigh(past, candidates)
        centre = self._mix(past, weights).unsqueeze(2)
        spread = self._spread(past, weights, row, logs)  # (B, A, L)
        shares = self.shares.t().expand(len(spread), -1, -1)
        return torch.baddbmm(centre, shares, spread).clamp(-self.largest, self.largest)

    def _weigh(self, past: Past, candidates: Tensor) -> tuple[Tensor, Tensor]:
        encoded = self.encoder(make_patches(past.window, past.views), past.window.length)
        features = self.features(past.window, past.views, past.period, past.trial)
        relative = candidates.narrow(0, 0, self.backtest.n_checks).flatten(0, 1)
        by_view = relative.sum(0) * number(1 / (self.backtest.n_checks * self.n_methods))
        row = self.row(torch.cat([torch.cat([features, by_view]).t(), encoded], 1))
        return self.weights(row, candidates), row

    def _mix(self, past: Past, weights: Tensor) -> Tensor:
        """(B, Q) candidates mixed inside each view, mapped back, then mixed over views.

        Weights are linear in those of the anchors, and so are the mixed levels and slopes.
        """
        by_method = weights.reshape(self.anchors, 1, self.n_methods, -1)  # (A, 1, K, V * B)
        mixed = (by_method * past.smooth.last.flatten(2)).flatten(1, 2)  # (A, 2 * K, V * B)
        none = torch.zeros_like(self.damped)
        classes = torch.cat(
            [torch.cat([1 + none[:1], none]), torch.cat([none[:1], self.damped])], 1
        )
        parts = (classes @ mixed).flatten(0, 1)  # (A * (1 + D), V * B)
        by_anchor = self.paths.reshape(-1, self.anchors, self.horizon).transpose(0, 1)
        paths = parts.t() @ by_anchor.flatten(0, 1)  # (V * B, Q)
        mass = by_method.sum((1, 2)).t() @ self.shares
        inner = (paths / mass.clamp(min=1e-9)).reshape(self.n_views, -1, self.horizon)
        return (from_views(inner, past.views, past.window) * mass.reshape(inner.shape)).sum(0)

    def _spread(self, past: Past, weights: Tensor, row: Tensor, logs: Tensor) -> Tensor:
        by_anchor = logs.flatten(1, 2).index_select(0, self.check_of)  # (A, K * V, B)
        log_error = (weights * by_anchor).sum(1)
        unit = past.views.unit
        rises = (past.smooth.last.select(0, 0) - past.views.series.select(2, -1)) * unit
        reach = self.anchor_reach.transpose(1, 2).unsqueeze(3)
        paths = torch.addcmul(rises, past.smooth.last.select(0, 1) * unit, reach).flatten(1, 2)
        rise = (weights * paths).sum(1, keepdim=True)  # (A, 1, B)
        dissent = (weights * (paths - rise).abs()).sum(1)
        sizes = torch.cat([dissent, rise.squeeze(1)])
        sizes = signed_log(sizes / (torch.exp(log_error.narrow(0, 0, 1)) + number(0.02)))
        told = torch.cat([log_error, sizes, torch.log(dissent + number(1e-3))]).t()
        spread: Tensor = self.spread(torch.cat([row, told], 1), log_error.t(), past.period)
        return spread


def damping_classes() -> Tensor:
    """(D, K) which damping each method has, as ones and zeros."""
    dampings = sorted({method[3] for method in METHODS})
    return torch.tensor([[float(method[3] == d) for method in METHODS] for d in dampings])


def path_shares(shares: Tensor) -> Tensor:
    """((1 + D) * A, Q) from the mixed level and the mixed slopes by damping to the path."""
    first = damping_classes().argmax(1)  # a method of each damping
    reach = reach_of(torch.arange(1, shares.shape[1] + 1))[first]
    return torch.cat([shares.unsqueeze(0), reach.unsqueeze(1) * shares]).flatten(0, 1)


def mean_weights() -> Tensor:
    """(L,) float64: the mean as the area under the quantile function, tails held level."""
    edges = torch.tensor(QUANTILE_LEVELS, dtype=torch.float64)
    middles = (edges[1:] + edges[:-1]) / 2
    bounds = torch.cat([torch.zeros(1), middles, torch.ones(1)])
    return bounds.diff()
