"""How often the truth is inside the intervals, and below the quantiles, that the service states."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from benchmarks.quality.forecast import ask
from benchmarks.quality.forecast_zero_shot import MODEL, tasks
from training.forecast.metrics import Case
from training.forecast.series import Values
from training.report import new_figure, plot_style

PART = "forecast-calibration"
LEVELS = (0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.975)
INTERVALS = {"50 %": (0.25, 0.75), "80 %": (0.1, 0.9), "90 %": (0.05, 0.95), "95 %": (0.025, 0.975)}
ASKED_INTERVAL, ASKED = "80 %", Bound(0.77, 0.83)
QUICK_CASES = 100
ALL = "all six tasks"
Below = Mapping[str, tuple[Sequence[Case], Sequence[Values]]]


def tables(run: Run) -> Iterator[Table]:
    """Coverage on the official test parts, and on the last known steps, which tune nothing here."""
    tests = {task: cases[:: stride(run, cases)] for task, cases in tasks(run).items()}
    known = {task: [held_back(case) for case in cases] for task, cases in tests.items()}
    for title, groups in (("official test parts", tests), ("last known steps", known)):
        asked = {
            task: (cases, ask(run.client, cases, MODEL, LEVELS)) for task, cases in groups.items()
        }
        yield table_of(title, asked)


def stride(run: Run, cases: Sequence[Case]) -> int:
    """All cases, or about a hundred of them for a quick run."""
    return max(1, len(cases) // QUICK_CASES) if run.quick else 1


def held_back(case: Case) -> Case:
    """The last steps of the past as the truth, as many as the test part has or a third."""
    ahead = min(len(case.future), len(case.past) // 3)
    future = np.full(len(case.future), np.nan)
    future[:ahead] = case.past[len(case.past) - ahead :]
    return replace(case, past=case.past[: len(case.past) - ahead], future=future)


def table_of(title: str, asked: Below) -> Table:
    """A row a task and one for all; every truth counts once."""
    everything = (
        [case for cases, _ in asked.values() for case in cases],
        [answer for _, answers in asked.values() for answer in answers],
    )
    groups = {**asked, ALL: everything}
    rows = [Row(name, *_coverages(*group), ASKED) for name, group in groups.items()]
    return Table(
        f"Share of the truth inside the {ASKED_INTERVAL} interval, {title}",
        command_of(PART),
        rows,
        ".1%",
        "M1 and M3, as asked over HTTP. The bound is put to each task and to all truths together.",
        reliability(groups),
    )


def _coverages(
    cases: Sequence[Case], answers: Sequence[Values]
) -> tuple[float, dict[str, float | None]]:
    shares = {
        f"{name} interval": inside(cases, answers, low, high)
        for name, (low, high) in INTERVALS.items()
    }
    return shares.pop(f"{ASKED_INTERVAL} interval"), {**shares}


def inside(cases: Sequence[Case], answers: Sequence[Values], low: float, high: float) -> float:
    """Share of all known truth that is between two quantiles, bounds included."""
    first, last = LEVELS.index(low), LEVELS.index(high)
    hits = total = 0
    for case, answer in zip(cases, answers, strict=True):
        hits += int(((case.future >= answer[:, first]) & (case.future <= answer[:, last])).sum())
        total += int(np.isfinite(case.future).sum())
    return hits / total if total else float("nan")


def shares_below(cases: Sequence[Case], answers: Sequence[Values]) -> Values:
    """Share of all known truth at or below each quantile.

    Shape:
        returns: (len(LEVELS),).
    """
    truth = np.concatenate([case.future for case in cases])
    below = truth[:, None] <= np.concatenate(answers)
    return np.asarray(below[np.isfinite(truth)].mean(0))


def reliability(groups: Below) -> Figure:
    """Empirical against nominal level: thin for each task, thick for all."""
    with plot_style():
        figure = new_figure(5.6, 5.0)
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="perfect")
        for name, group in groups.items():
            thick = name == ALL
            axes.plot(
                LEVELS,
                shares_below(*group),
                label=name,
                color="black" if thick else None,
                linewidth=2.4 if thick else 1.0,
                marker="o" if thick else None,
                markersize=4,
            )
        axes.set(xlabel="nominal level of the quantile", ylabel="share of the truth at or below")
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(fontsize=8)
    return figure
