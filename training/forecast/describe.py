"""What an export of a forecaster says of itself: tensors, metrics, sources, report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from models.forecaster import QUANTILE_LEVELS
from models.manifest import DataSource, Metric, TensorSpec
from training.draft import Draft
from training.forecast.config import ForecastTraining
from training.forecast.evaluation import Comparison, baseline_scores, compare, summary
from training.forecast.page import build_page
from training.forecast.sources import ForecastData
from training.loop import History
from training.provenance import data_source, describe_training

LICENCE = "weights: Apache-2.0; the training series keep the terms of their publishers"
Verdict = Mapping[str, Mapping[str, Comparison]]


@dataclass(frozen=True)
class Split:
    """A way of judging: its name in the manifest and what it means."""

    name: str
    note: str


SPLITS = {
    "own": Split("validation", "last steps of the training series, never trained on"),
    "zero_shot": Split("validation", "zero-shot; last steps of the train part; chose the step"),
    "test": Split("test", "zero-shot; the official test part, never used for a choice"),
}


def judge(network: nn.Module, data: ForecastData) -> Verdict:
    """Compare with the baselines on everything that there is to be judged by."""
    kinds = {"own": data.own, "zero_shot": data.zero_shot, "test": data.test}
    return {
        kind: compare(network, groups, baseline_scores(groups))
        for kind, groups in kinds.items()
        if groups
    }


def draft_of(
    network: nn.Module,
    data: ForecastData,
    config: ForecastTraining,
    history: History,
    verdict: Verdict,
) -> Draft:
    """All that the exporter needs besides the network."""
    size = {"n_parameters": sum(p.numel() for p in network.parameters())}
    return base_draft(
        config,
        metrics=metrics_of(verdict),
        training=describe_training(config, history) | size,
        data=[data_source(path, role) for path, role in data.files],
        report_html=build_page(network, data, config, history, verdict),
    )


def base_draft(
    config: ForecastTraining,
    *,
    metrics: Sequence[Metric],
    training: Mapping[str, Any],
    data: Sequence[DataSource],
    report_html: str,
) -> Draft:
    """What every forecaster's export has in common, and what this one says of itself."""
    n_levels = len(QUANTILE_LEVELS)
    quantiles = (-1, config.horizon, n_levels)
    return Draft(
        name=config.name,
        task="forecast",
        inputs=(
            TensorSpec("values", "float32", (-1, -1), ("batch", "time")),
            TensorSpec("season_length", "int64", (-1,), ("batch",)),
        ),
        outputs=(
            TensorSpec("mean", "float32", (-1, config.horizon), ("batch", "horizon")),
            TensorSpec("quantiles", "float32", quantiles, ("batch", "horizon", "level")),
            TensorSpec("season_length", "int64", (-1,), ("batch",)),
        ),
        parameters={
            "horizon": config.horizon,
            "context_length": config.context_length,
            "quantile_levels": list(QUANTILE_LEVELS),
            "season_length": {"detect": 0, "none": 1, "default": config.season_length or 0},
        },
        golden=golden(),
        metrics=metrics,
        training=training,
        data=data,
        licence=LICENCE,
        report_html=report_html,
        tolerance=1e-4,
    )


def metrics_of(verdict: Verdict) -> list[Metric]:
    """MASE, WQL and coverage of each data set, and the geometric means over data sets."""
    metrics: list[Metric] = []
    for kind, compared in verdict.items():
        split = SPLITS[kind]
        for group, comparison in compared.items():
            metrics += _group_metrics(group, split, comparison)
        together = ", ".join(compared)
        relative = summary(compared)
        for key in ("relative_mase", "relative_wql"):
            value, others = relative[key], _relative_baselines(compared, key)
            metrics.append(Metric(key, together, split.name, value, others, split.note))
    return metrics


def _group_metrics(group: str, split: Split, comparison: Comparison) -> list[Metric]:
    own, others = comparison.network, comparison.baselines
    mase = {name: score.mase for name, score in others.items()}
    wql = {name: score.wql for name, score in others.items()}
    found = [
        Metric("MASE", group, split.name, own.mase, mase, split.note),
        Metric("WQL", group, split.name, own.wql, wql, split.note),
        Metric("coverage of the 80 % interval", group, split.name, comparison.coverage_80),
    ]
    return [
        metric for metric in found if np.isfinite([metric.value, *metric.baselines.values()]).all()
    ]


def _relative_baselines(compared: Mapping[str, Comparison], key: str) -> dict[str, float]:
    names = next(iter(compared.values())).baselines
    return {
        name: summary(
            {
                group: Comparison(comparison.baselines[name], comparison.baselines, 0.0)
                for group, comparison in compared.items()
            }
        )[key]
        for name in names
    }


def golden() -> list[dict[str, NDArray[Any]]]:
    """Seasonal, gappy, short and constant rows in one batch; tiny, huge and single values apart.

    The check allows a share of the largest number of an example, so scales do not share one.
    """
    step = np.arange(60)
    monthly = 100 + step + 20 * np.sin(2 * np.pi * step / 12) + np.sin(step * 1.7) * 3
    gappy = np.where(step % 7 == 3, np.nan, monthly[::-1] - 90)
    short = np.where(step < 57, np.nan, step * 1.0)
    together = np.stack([monthly, gappy, short, np.full(60, 7.0)])
    return [
        _example(together, [12, 0, 1, 4]),
        _example(together[:1], [12]),
        _example(monthly[None] * 1e-20, [0]),
        _example(gappy[None] * 1e20, [12]),
        _example(np.array([[3.0]]), [0]),
    ]


def _example(values: NDArray[np.float64], season: list[int]) -> dict[str, NDArray[Any]]:
    return {
        "values": values.astype(np.float32),
        "season_length": np.array(season, dtype=np.int64),
    }
