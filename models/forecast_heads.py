"""From features to weights of the candidates, and from weights to quantiles."""

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from models.forecast_constants import number
from models.forecast_features import N_CANDIDATE_FEATURES
from models.forecast_smoothing import N_METHODS
from models.forecast_views import N_VIEWS

ANCHORS = (1, 2, 4, 8, 16, 32, 64)  # steps ahead that get weights and spreads of their own
N_ANCHORS = len(ANCHORS)
N_CANDIDATES = N_VIEWS * N_METHODS
CANDIDATE_WIDTH = 48
FIRST_SPREAD = 1.25  # mean absolute error -> standard deviation of a normal
SEASON_EDGES = (1, 12, 60)  # longest season of every class but the last; each has its width
GROWTH = 0.35  # of the spread with the logarithm of the horizon, before training


def anchor_shares(horizon: int) -> Tensor:
    """(A, Q) how much each step takes from each anchor, linear in the logarithm of the step."""
    place = torch.log(torch.arange(1, horizon + 1).double())
    anchors = torch.log(torch.tensor(ANCHORS).double())
    shares = torch.zeros(N_ANCHORS, horizon)
    for step, at in enumerate(place):
        left = min(int(torch.searchsorted(anchors, at, right=True)) - 1, N_ANCHORS - 2)
        share = float((at - anchors[left]) / (anchors[left + 1] - anchors[left]))
        shares[left, step] = 1.0 - min(share, 1.0)
        shares[left + 1, step] = min(share, 1.0)
    return shares


class CandidateWeights(nn.Module):
    """Score every candidate by the same small network and share out a weight of one.

    In training, ``dropout`` of the candidates are left out of each row, so that no row leans on a
    single one.

    Shape:
        row: (B, width); candidates: (F, K, V, B); returns (A, K * V, B), sum 1 over candidates.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.n_views = N_VIEWS
        self.from_candidate = nn.Linear(N_CANDIDATE_FEATURES, CANDIDATE_WIDTH)
        self.from_row = nn.Linear(width, CANDIDATE_WIDTH, bias=False)
        self.identity = nn.Parameter(torch.randn(N_CANDIDATES, CANDIDATE_WIDTH) * 0.1)
        self.score = nn.Sequential(
            nn.SiLU(),
            nn.Linear(CANDIDATE_WIDTH, CANDIDATE_WIDTH),
            nn.SiLU(),
        )
        self.by_anchor = nn.Linear(CANDIDATE_WIDTH, N_ANCHORS)

    def forward(self, row: Tensor, candidates: Tensor) -> Tensor:
        """Weigh the candidates of a batch."""
        identity = self.identity.reshape(self.n_views, -1, self.identity.shape[1])
        identity = identity.transpose(0, 1).flatten(0, 1)  # (K * V, H)
        by_row = self.from_row(row) + self.from_candidate.bias
        hidden = (identity.unsqueeze(1) + by_row).flatten(0, 1)  # (K * V * B, H)
        told = candidates.flatten(1).t()
        hidden = self.score(hidden.addmm_(told, self.from_candidate.weight.t()))
        logits = self.by_anchor.weight @ hidden.t() + self.by_anchor.bias.unsqueeze(1)
        logits = logits.reshape(-1, len(identity), len(row))
        if self.training and self.dropout > 0:
            gone = torch.rand_like(logits[:1]) < self.dropout
            logits = torch.where(gone, torch.full_like(logits, -1e4), logits)
        return torch.softmax(logits, 1)


class QuantileSpread(nn.Module):
    """Distances of the quantiles from the mixed forecast; they never cross by construction.

    The median may shift by one spread; gaps between levels are positive. The spread is the
    error that the weighted candidates made on the past, times what the network makes of it.
    After training, ``width`` widens or narrows the intervals of a class of seasons as a whole, so
    that they hold on data never trained on what they promise; the median stays.

    Shape:
        row: (B, width + 4 A); log_error: (B, A); period: (B,) int64; returns (B, A, L).
    """

    growth: Tensor
    season_edges: Tensor
    width: Tensor

    def __init__(self, width: int, levels: Sequence[float]) -> None:
        super().__init__()
        self.n_anchors = N_ANCHORS
        self.n_levels = len(levels)
        self.middle = list(levels).index(0.5)
        self.hidden = nn.Sequential(nn.Linear(width + 4 * N_ANCHORS, width), nn.SiLU())
        self.out = nn.Linear(width, N_ANCHORS * (self.n_levels + 1))
        self.register_buffer("growth", GROWTH * torch.log(torch.tensor(ANCHORS).float()))
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            self.out.bias.copy_(_normal_start(levels).repeat(N_ANCHORS))
        self.register_buffer("season_edges", torch.tensor(SEASON_EDGES))
        self.register_buffer("width", torch.ones(len(SEASON_EDGES) + 1))

    def forward(self, row: Tensor, log_error: Tensor, period: Tensor) -> Tensor:
        """Spread the quantiles of a batch."""
        raw = self.out(self.hidden(row)).reshape(-1, self.n_anchors, self.n_levels + 1)
        shift = torch.tanh(raw.narrow(2, 0, 1))
        # Less a soft plus for every gap; what the first one adds is the same for every place.
        place = logsigmoid(-raw.narrow(2, 0, self.n_levels)).cumsum(2)
        width = self.width.index_select(0, torch.bucketize(period, self.season_edges))
        spread = place.narrow(2, self.middle, 1) - place
        spread = torch.addcmul(shift, spread, width.unsqueeze(1).unsqueeze(1))
        log_size = (log_error + log_error.narrow(1, 0, 1)) * number(0.5)
        log_size = log_size + (self.growth + raw.select(2, self.n_levels))
        return spread * torch.exp(log_size.clamp(max=7.0)).unsqueeze(2)


def _normal_start(levels: Sequence[float]) -> Tensor:
    """Bias with which an untrained head spreads its quantiles like a normal distribution."""
    points = [FIRST_SPREAD * NormalDist().inv_cdf(level) for level in levels]
    gaps = [math.log(math.expm1(b - a)) for a, b in itertools.pairwise(points)]
    return torch.tensor([0.0, *gaps, 0.0])
