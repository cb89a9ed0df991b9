"""The six M1 and M3 tasks, zero-shot: this service beside what was published."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from benchmarks.quality.forecast import ask, cases_of, check_naive, relative
from benchmarks.quality.forecast_published import PUBLISHED
from training.forecast.metrics import Case, Score, score
from training.forecast.series import Values

MODEL = "forecaster"
PART = "forecast-zero-shot"
ASKED = {"mase": Bound(most=0.79), "wql": Bound(most=0.67)}
FOLDER = "series/validation"


@dataclass(frozen=True)
class Answered:
    """The cases of a task, what the service forecast, and what that took.

    ``cpu_s`` is the processor time of the service; ``None`` where that cannot be known.
    """

    cases: Sequence[Case]
    quantiles: Sequence[Values]
    wall_s: float
    cpu_s: float | None


@cache
def tasks(run: Run) -> Mapping[str, list[Case]]:
    """The six tasks, once their seasonal naive is the published one.

    Raises:
        DataError: a file is missing, or the seasonal naive differs.
    """
    found = {task: cases_of(run.data / FOLDER / f"{task}.jsonl.gz") for task in PUBLISHED}
    check_naive(found)
    return found


@cache
def answered(run: Run) -> Mapping[str, Answered]:
    """Every task asked for once, whoever reads it."""
    first = next(iter(tasks(run).values()))
    ask(run.client, first, MODEL)  # what happens at the first pass only is not timed
    return {task: _answered(run, cases) for task, cases in tasks(run).items()}


def _answered(run: Run, cases: Sequence[Case]) -> Answered:
    cpu_before = None if run.cpu_s is None else run.cpu_s()
    started = time.perf_counter()
    quantiles = ask(run.client, cases, MODEL)
    wall_s = time.perf_counter() - started
    spent = None if run.cpu_s is None or cpu_before is None else run.cpu_s() - cpu_before
    return Answered(cases, quantiles, wall_s, spent)


def tables(run: Run) -> Iterator[Table]:
    """MASE and WQL of each task, and their geometric means over the seasonal naive."""
    scores = {task: score(found.cases, found.quantiles) for task, found in answered(run).items()}
    for metric, bound in ASKED.items():
        yield table_of(scores, metric, bound)


def table_of(scores: Mapping[str, Score], metric: str, asked: Bound) -> Table:
    """A row a task, and one for the mean of the ratios, which is what is asked."""
    others = list(next(iter(PUBLISHED.values())))
    rows = [
        Row(
            task,
            getattr(found, metric),
            {name: getattr(PUBLISHED[task][name], metric) for name in others},
        )
        for task, found in scores.items()
    ]
    published = {
        name: relative({task: PUBLISHED[task][name] for task in scores}) for name in others
    }
    mean = getattr(relative(scores), metric)
    beside = {name: getattr(figures, metric) for name, figures in published.items()}
    rows.append(Row("relative to seasonal naive, geometric mean", mean, beside, asked))
    return Table(
        f"{metric.upper()} on M1 and M3, zero-shot, beside published figures",
        command_of(PART),
        rows,
        ".4f",
        "Official test parts; forecast-leakage says which series the training data held. "
        "Published: autogluon/fev, Chronos zero-shot results. Lower is better.",
    )
