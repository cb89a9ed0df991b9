"""Forecasts of cases with a network, and scores beside the baselines'."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models.forecast_metrics import WQL_LEVELS
from models.forecaster import QUANTILE_LEVELS
from training.forecast.baselines import seasonal_naive, theta
from training.forecast.metrics import Case, Score, geometric_mean, score
from training.forecast.series import Values

BATCH = 256
WQL_COLUMNS = [QUANTILE_LEVELS.index(level) for level in WQL_LEVELS]
Baseline = Callable[[Values, int, int], Values]
BASELINES: Mapping[str, Baseline] = {"seasonal naive": seasonal_naive, "Theta": theta}


@dataclass(frozen=True)
class Comparison:
    """Scores on one data set: the network's, and each baseline's by name."""

    network: Score
    baselines: Mapping[str, Score]
    coverage_80: float

    def relative(self) -> tuple[float, float]:
        """MASE and WQL over those of the seasonal naive."""
        naive = self.baselines["seasonal naive"]
        return self.network.mase / naive.mase, self.network.wql / naive.wql


def forecast(network: nn.Module, cases: Sequence[Case]) -> list[Values]:
    """Quantiles of every case, steps by ``QUANTILE_LEVELS``; like lengths share a batch."""
    order = sorted(range(len(cases)), key=lambda i: len(cases[i].past))
    answers: list[Values] = [np.empty(0)] * len(cases)
    device = next(network.parameters()).device
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        values, season = as_inputs([cases[i] for i in rows])
        with torch.inference_mode():
            _, quantiles, _ = network(values.to(device), season.to(device))
        for row, i in enumerate(rows):
            answers[i] = quantiles[row, : len(cases[i].future)].cpu().double().numpy()
    return answers


def as_inputs(cases: Sequence[Case]) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-aligned float32 values (B, T) and int64 season lengths (B,)."""
    longest = max(len(case.past) for case in cases)
    values = np.full((len(cases), longest), np.nan, dtype=np.float32)
    for row, case in enumerate(cases):
        values[row, longest - len(case.past) :] = case.past
    season = torch.tensor([case.season_length for case in cases], dtype=torch.int64)
    return torch.from_numpy(values), season


def baseline_scores(groups: Mapping[str, Sequence[Case]]) -> dict[str, dict[str, Score]]:
    """Each baseline's score on each data set; they never change during a training."""
    scores: dict[str, dict[str, Score]] = {}
    for group, cases in groups.items():
        scores[group] = {}
        for name, method in BASELINES.items():
            answers = [method(c.past, max(c.season_length, 1), len(c.future)) for c in cases]
            scores[group][name] = score(cases, answers)
    return scores


def compare(
    network: nn.Module,
    groups: Mapping[str, Sequence[Case]],
    baselines: Mapping[str, Mapping[str, Score]],
) -> dict[str, Comparison]:
    """The network beside the baselines on every data set."""
    compared = {}
    for group, cases in groups.items():
        answers = forecast(network, cases)
        own = score(cases, [answer[:, WQL_COLUMNS] for answer in answers])
        inside = coverage(cases, answers, 0.1, 0.9)
        compared[group] = Comparison(own, baselines[group], inside)
    return compared


def coverage(cases: Sequence[Case], answers: Sequence[Values], low: float, high: float) -> float:
    """Share of the truth between two quantiles."""
    first, last = QUANTILE_LEVELS.index(low), QUANTILE_LEVELS.index(high)
    hits = [
        (case.future >= answer[:, first]) & (case.future <= answer[:, last])
        for case, answer in zip(cases, answers, strict=True)
    ]
    known = [np.isfinite(case.future) for case in cases]
    return float(np.concatenate(hits).sum() / max(1, np.concatenate(known).sum()))


def summary(compared: Mapping[str, Comparison]) -> dict[str, float]:
    """Geometric means over data sets of MASE and WQL relative to the seasonal naive, and of both.

    Data sets whose relative score is no positive number (a constant series alone) are left out.
    """
    pairs = [comparison.relative() for comparison in compared.values()]
    sound = [pair for pair in pairs if all(np.isfinite(x) and x > 0 for x in pair)]
    mase = geometric_mean([pair[0] for pair in sound]) if sound else 1.0
    wql = geometric_mean([pair[1] for pair in sound]) if sound else 1.0
    return {"relative": (mase * wql) ** 0.5, "relative_mase": mase, "relative_wql": wql}
