"""M4 hourly and weekly, official test part, through ``POST /forecast``.

What season length the request states is chosen by the last steps of the training part, one horizon
long; the test part chooses nothing. MASE is scaled as the competition did: 24 steps for hours, 1
for weeks. The training parts of M4 are among the data of the shipped forecaster, so its row is that
of one model for everything, not of a model that never saw a series of M4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from benchmarks.quality.figures import Row, Run, Table, command_of
from benchmarks.quality.forecast import ask, cases_of
from benchmarks.quality.forecast_fine_tuned import fine_tuned_service
from benchmarks.quality.forecast_zero_shot import MODEL
from training.forecast.baselines import seasonal_naive
from training.forecast.metrics import Case, Score, score

PART = "forecast-m4"
DETECT = 0
QUICK_SERIES = 40
# Season lengths that a request may state, the metric's own first.
SEASONS = {"m4_hourly": (24, 168, DETECT), "m4_weekly": (1, 52, DETECT)}
# MASE of the two best of the competition (Makridakis et al. 2020).
PUBLISHED = {
    "m4_hourly": {"ES-RNN, published": 0.893, "FFORMA, published": 0.819},
    "m4_weekly": {"ES-RNN, published": 2.356, "FFORMA, published": 2.108},
}
NOTE = (
    "The season stated in the request was chosen on the training part: {}. The training parts "
    "belong to the data of the shipped model; the test parts do not."
)


@dataclass(frozen=True)
class System:
    """A served model, and where it is served."""

    client: httpx.Client
    model: str


def tables(run: Run) -> Iterator[Table]:
    """The shipped model, and with ``--fine-tuned`` also one tuned on each training part."""
    files = {task: run.data / "series" / f"{task}.jsonl.gz" for task in SEASONS}
    tasks = {task: some_of(run, cases_of(path)) for task, path in files.items()}
    shipped = {task: System(run.client, MODEL) for task in tasks}
    yield from tables_of("zero-shot", tasks, shipped)
    if run.fine_tuned:
        with fine_tuned_service(files, run.output) as client:
            tuned = {task: System(client, name) for task, name in FINE_TUNED.items()}
            yield from tables_of("fine-tuned", tasks, tuned)


FINE_TUNED = {task: task.replace("_", "-") for task in SEASONS}


def some_of(run: Run, cases: list[Case]) -> list[Case]:
    """All cases, or some evenly spread ones for a quick run."""
    return cases[:: max(1, len(cases) // QUICK_SERIES)] if run.quick else cases


def tables_of(
    kind: str, tasks: Mapping[str, Sequence[Case]], systems: Mapping[str, System]
) -> Iterator[Table]:
    """Scores on the test part, and the back-tests that chose the season."""
    found = {task: backtests(systems[task], task, cases) for task, cases in tasks.items()}
    best = {task: min(each, key=lambda season: each[season].mase) for task, each in found.items()}
    rows = [
        row
        for task, cases in tasks.items()
        for row in rows_of(task, cases, stated(systems[task], cases, best[task]))
    ]
    chosen = ", ".join(f"{spelled(season)} for {task}" for task, season in best.items())
    title = f"M4 hourly and weekly, official test part, {kind}"
    yield Table(title, command_of(PART), rows, ".4f", NOTE.format(chosen))
    tried = [
        Row(f"{task}, season {spelled(season)}", each.mase, {"WQL": each.wql})
        for task, seasons in found.items()
        for season, each in seasons.items()
    ]
    title = f"M4, last steps of the training part, {kind}: MASE by the season that is stated"
    yield Table(title, command_of(PART), tried, ".4f", "The least chooses the season above.")


def rows_of(task: str, cases: Sequence[Case], found: Score) -> Iterator[Row]:
    """MASE beside what is published, WQL beside the naive alone."""
    naive = score(cases, [seasonal_naive(c.past, c.season_length, len(c.future)) for c in cases])
    yield Row(f"{task} MASE", found.mase, {**PUBLISHED[task], "seasonal naive": naive.mase})
    yield Row(f"{task} WQL", found.wql, {"seasonal naive": naive.wql})


def backtests(system: System, task: str, cases: Sequence[Case]) -> dict[int, Score]:
    """Scores on the end of the training part by the season length that the request states."""
    held = [held_back(case) for case in cases]
    return {season: stated(system, held, season) for season in SEASONS[task]}


def held_back(case: Case) -> Case:
    """The last steps of the past as the truth; the test part is gone."""
    ahead = len(case.future)
    return replace(case, past=case.past[:-ahead], future=case.past[-ahead:])


def stated(system: System, cases: Sequence[Case], season: int) -> Score:
    """Scores when the request states this season; MASE is scaled by that of the cases."""
    asked = [replace(case, season_length=season) for case in cases]
    return score(cases, ask(system.client, asked, system.model))


def spelled(season: int) -> str:
    """A season length as a person reads it."""
    return "detected" if season == DETECT else str(season)
