"""The six tasks again: classical methods fitted now by statsforecast, and the time they take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import Progress

from benchmarks.quality.figures import Row, Run, Table, command_of
from benchmarks.quality.forecast_classical import (
    METHODS,
    Answer,
    answers,
    cache_path,
    sampled,
)
from benchmarks.quality.forecast_zero_shot import FOLDER, Answered, answered
from training.forecast.baselines import seasonal_naive
from training.forecast.metrics import Case, Score, geometric_mean, score

PART = "forecast-classical"
QUICK_SAMPLE = 15
NAIVE = "seasonal naive"
MEAN = "relative to seasonal naive, geometric mean"
METRICS = ("mase", "wql")
NOTE = (
    "statsforecast, defaults, the season of the task; quantiles are the bounds of its intervals of "
    "20, 40, 60 and 80 % and its point forecast. All columns are of the same series: every one of "
    "the task, or the sample that --quick takes."
)
TIMES_NOTE = (
    "This service: all its processes, asked over HTTP for 64 series at once, parsing included. "
    "Methods: fitting and forecasting alone, one series after the other."
)
FAILURES_NOTE = (
    "No finite forecast, or an error. The seasonal naive stands in for those of methods."
)


@dataclass(frozen=True)
class Measured:
    """A method on some series of a task, and this service and the naive on the same series."""

    own: Score
    here: Score
    naive: Score
    cpu_s: float
    failed: int
    n_series: int


def tables(run: Run) -> Iterator[Table]:
    """Accuracy by either metric; time; failures."""
    services = answered(run)
    found = {method: measured(run, method, services) for method in METHODS}
    for metric in METRICS:
        yield accuracy(metric, found)
    yield times(services, found)
    yield failures(services, found)


def measured(run: Run, method: str, services: Mapping[str, Answered]) -> dict[str, Measured]:
    """A method on every task, from the cache where it was fitted before."""
    found = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for task, service in services.items():
            cases = sampled(service.cases, QUICK_SAMPLE) if run.quick else service.cases
            data = run.data / FOLDER / f"{task}.jsonl.gz"
            path = cache_path(run.output / "classical", data, method)
            fits = answers(method, cases, path)
            shown = progress.track(fits, total=len(cases), description=f"{method} {task}")
            found[task] = summed(cases, list(shown), service)
    return found


def summed(cases: Sequence[Case], fits: Sequence[Answer], service: Answered) -> Measured:
    """Scores of the method, of the service and of the naive on the same cases."""
    by_name = {c.name: q for c, q in zip(service.cases, service.quantiles, strict=True)}
    naive = [seasonal_naive(c.past, c.season_length, len(c.future)) for c in cases]
    return Measured(
        score(cases, [np.array(fit.quantiles) for fit in fits]),
        score(cases, [by_name[case.name] for case in cases]),
        score(cases, naive),
        sum(fit.cpu_s for fit in fits),
        sum(fit.failed for fit in fits),
        len(cases),
    )


def accuracy(metric: str, found: Mapping[str, Mapping[str, Measured]]) -> Table:
    """A row a task and one for the mean of the ratios; a column a method, all on like series."""
    first = next(iter(found.values()))
    rows = []
    for task, ours in first.items():
        beside = {method: getattr(tasks[task].own, metric) for method, tasks in found.items()}
        beside[NAIVE] = getattr(ours.naive, metric)
        rows.append(Row(f"{task} ({ours.n_series:,} series)", getattr(ours.here, metric), beside))
    own = {
        method: ratio([(each.own, each.naive) for each in tasks.values()], metric)
        for method, tasks in found.items()
    }
    here = ratio([(each.here, each.naive) for each in first.values()], metric)
    rows.append(Row(MEAN, here, {**own, NAIVE: 1.0}))
    title = f"{metric.upper()} on M1 and M3 beside {', '.join(found)}, fitted in this run"
    return Table(title, command_of(PART), rows, ".4f", NOTE)


def ratio(pairs: Sequence[tuple[Score, Score]], metric: str) -> float:
    """Geometric mean of the first over the second."""
    return geometric_mean([getattr(a, metric) / getattr(b, metric) for a, b in pairs])


def times(services: Mapping[str, Answered], found: Mapping[str, Mapping[str, Measured]]) -> Table:
    """Processor seconds for 1,000 series; for this service, all that its processes use."""
    rows = []
    for task, service in services.items():
        thousand = 1000 / len(service.cases)
        beside = {
            method: 1000 * tasks[task].cpu_s / tasks[task].n_series
            for method, tasks in found.items()
        }
        spent = float("nan") if service.cpu_s is None else service.cpu_s * thousand
        rows.append(Row(task, spent, {**beside, "here, wall clock": service.wall_s * thousand}))
    title = "Processor seconds for 1,000 series, one core"
    return Table(title, command_of(PART), rows, ",.2f", TIMES_NOTE)


def failures(
    services: Mapping[str, Answered], found: Mapping[str, Mapping[str, Measured]]
) -> Table:
    """How many series a method, or the service, has no finite forecast of."""
    rows = [
        Row(
            task,
            float(sum(not np.isfinite(answer).all() for answer in service.quantiles)),
            {method: float(tasks[task].failed) for method, tasks in found.items()},
        )
        for task, service in services.items()
    ]
    return Table("Series where a method failed", command_of(PART), rows, ",.0f", FAILURES_NOTE)
