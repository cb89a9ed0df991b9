"""Plots of a back-test: forecasts of the candidates, and their errors side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models.forecast_metrics import MEDIAN
from training.fine_tuning.recommendation import Recommendation
from training.forecast.adapting.contest import ADAPTED, Candidate
from training.forecast.adapting.fits import Fit
from training.forecast.adapting.plan import BacktestPlan
from training.forecast.adapting.scores import HIGH, LOW
from training.report import new_figure, plot_style

N_SERIES = 4
SHOWN_SEASONS = 4
COLOURS = ("tab:orange", "tab:green", "tab:purple")


def shown_items(plan: BacktestPlan) -> list[int]:
    """The newest window of a few series, or several windows of one series."""
    newest = [place for place, item in enumerate(plan.items) if item.later == 0]
    if len(newest) < N_SERIES:
        newest = list(range(len(plan.items)))
    spread = np.linspace(0, len(newest) - 1, min(N_SERIES, len(newest))).round().astype(int)
    return [newest[place] for place in sorted(set(spread.tolist()))]


def forecasts(candidates: Sequence[Candidate], plan: BacktestPlan) -> Figure:
    """Truth in black, the adapted network's median and 80 % interval, the medians of others."""
    places = shown_items(plan)
    with plot_style():
        figure = new_figure(9.0, 5.6 if len(places) > 2 else 3.0)
        columns = 2 if len(places) > 1 else 1
        for i, place in enumerate(places):
            axes = figure.add_subplot(-(-len(places) // columns), columns, i + 1)
            _one_window(axes, candidates, plan, place)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _one_window(draw: Any, candidates: Sequence[Candidate], plan: BacktestPlan, at: int) -> None:
    item = plan.items[at]
    case, n = item.case, len(item.case.future)
    past = case.past[-max(3 * n, SHOWN_SEASONS * max(case.season_length, 1), 24) :][-200:]
    ahead = np.arange(n) + len(past)
    draw.plot(np.arange(len(past)), past, color="0.55", linewidth=1)
    draw.plot(ahead, case.future, color="black", linewidth=1.2, label="truth")
    colours = iter(COLOURS)
    for candidate in candidates:
        answer = candidate.answers[at]
        if answer is None:
            continue
        own = candidate.name == ADAPTED
        colour = "tab:blue" if own else next(colours)
        draw.plot(ahead, answer[:, MEDIAN], color=colour, linewidth=1.2, label=candidate.name)
        if own:
            draw.fill_between(
                ahead, answer[:, LOW], answer[:, HIGH], color=colour, alpha=0.2, linewidth=0
            )
    draw.set_title(case.name, fontsize=9)
    draw.tick_params(labelsize=7)


def errors(recommendation: Recommendation) -> Figure:
    """The adapted network's error over each rival's, with its 95 % interval; left of 1 it leads."""
    contests = list(reversed(recommendation.contests))
    with plot_style():
        figure = new_figure(7.0, 0.9 + 0.42 * len(contests))
        axes = figure.add_subplot()
        axes.axvline(1.0, color="0.5", linestyle="--")
        for place, outcome in enumerate(contests):
            colour = "tab:green" if outcome.better else "tab:red"
            axes.plot([outcome.low, outcome.high], [place, place], color=colour, linewidth=2)
            axes.plot(outcome.ratio, place, marker="o", color=colour)
        axes.set_yticks(range(len(contests)), [f"against {c.rival}" for c in contests])
        axes.set_ylim(-0.6, len(contests) - 0.4)
        axes.set_xlabel("error of the adapted model / error of the other, 95 % interval")
    return figure


def learning(fit: Fit) -> Figure:
    """The error on the windows that chose the step, from the export as it is onwards."""
    steps, values = fit.history.series("error")
    with plot_style():
        figure = new_figure(7.0, 3.0)
        axes = figure.add_subplot()
        axes.axhline(fit.start_error, color="0.5", linestyle="--", label="the export as it is")
        axes.plot([0.0, *steps], [fit.start_error, *values], marker=".", label="adapted")
        axes.axvline(fit.best_step, color="tab:green", linewidth=1, label="chosen step")
        axes.set_xlabel("step")
        axes.set_ylabel("error")
        axes.legend()
    return figure
