"""Odd classes of series through the service: error beside the naive, NaN, crossed quantiles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from benchmarks.quality.forecast import ask
from benchmarks.quality.forecast_classes import OddSeries, draw_classes, score_class
from benchmarks.quality.forecast_zero_shot import MODEL
from models.forecast_metrics import MEDIAN, WQL_LEVELS
from training.forecast.metrics import Case
from training.forecast.series import Values

PART = "forecast-classes"
LEVELS = (0.01, 0.025, 0.05, *WQL_LEVELS, 0.95, 0.975, 0.99)
QUICK_SERIES = 10
NONE = Bound(most=0)
BOUND = Bound(most=1.05)


@dataclass(frozen=True)
class Verdict:
    """What the forecasts of a class were like; steps are counted over all series."""

    ratio: float
    n_series: int
    not_finite: int
    crossed: int


def tables(run: Run) -> Iterator[Table]:
    """Error relative to the seasonal naive; then what must never be."""
    classes = draw_classes(QUICK_SERIES) if run.quick else draw_classes()
    found = {name: verdict(series, answers_to(run, series)) for name, series in classes.items()}
    ratios = [
        Row(f"{name} ({each.n_series} series)", each.ratio, {"seasonal naive": 1.0}, BOUND)
        for name, each in found.items()
    ]
    title = "Odd classes of series: error relative to the seasonal naive"
    yield Table(title, command_of(PART), ratios, ".3f", NOTE)
    steps = {
        "steps that are not finite": sum(each.not_finite for each in found.values()),
        "steps whose quantiles cross": sum(each.crossed for each in found.values()),
    }
    never = [Row(name, count, {}, NONE) for name, count in steps.items()]
    yield Table("Odd classes of series: what must never be", command_of(PART), never, ",.0f", NEVER)


NOTE = (
    "Simulated by processes that no training here uses (benchmarks/quality/forecast_classes.py). "
    "Mean absolute error of the median in units of MASE, a class's average over the naive's; 0 "
    "where neither errs."
)
NEVER = f"In all classes together, of the quantiles {', '.join(map(str, LEVELS))}."


def answers_to(run: Run, series: Sequence[OddSeries]) -> list[Values]:
    """Quantiles of each series at ``LEVELS``; those of like season and horizon share requests."""
    answers: dict[int, Values] = {}
    kinds: dict[tuple[int, int], list[int]] = {}
    for place, one in enumerate(series):
        kinds.setdefault((one.season_length, len(one.future)), []).append(place)
    for places in kinds.values():
        cases = [
            Case(str(i), series[i].context, series[i].future, series[i].season_length)
            for i in places
        ]
        answers.update(zip(places, ask(run.client, cases, MODEL, LEVELS), strict=True))
    return [answers[place] for place in range(len(series))]


def verdict(series: Sequence[OddSeries], answers: Sequence[Values]) -> Verdict:
    """Error of the medians, and every step that is not finite or not in order."""
    middle = LEVELS.index(WQL_LEVELS[MEDIAN])
    every = np.concatenate(answers)
    return Verdict(
        score_class(series, [answer[:, middle] for answer in answers]).ratio,
        len(series),
        int((~np.isfinite(every)).any(axis=1).sum()),
        int((np.diff(every, axis=1) < 0).any(axis=1).sum()),
    )
