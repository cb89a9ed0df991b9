"""Plots of a forecaster's report."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from models.forecaster import QUANTILE_LEVELS
from training.forecast.metrics import Case
from training.forecast.series import Values
from training.report import new_figure, plot_style

INTERVALS = ((0.025, 0.975, 0.15), (0.1, 0.9, 0.3))  # lower level, upper level, opacity
SHOWN_PAST = 72
MEDIAN = QUANTILE_LEVELS.index(0.5)


def forecasts(cases: Sequence[Case], answers: Sequence[Values]) -> Figure:
    """The end of each past, the truth, the median and two intervals, side by side."""
    with plot_style():
        figure = new_figure(9.0, 2.6)
        for i, (case, answer) in enumerate(zip(cases, answers, strict=True)):
            axes = figure.add_subplot(1, max(1, len(cases)), i + 1)
            past = case.past[-SHOWN_PAST:]
            ahead = np.arange(len(case.future)) + len(past)
            axes.plot(np.arange(len(past)), past, color="0.45", linewidth=1)
            for low, high, opacity in INTERVALS:
                floor, top = QUANTILE_LEVELS.index(low), QUANTILE_LEVELS.index(high)
                band = (answer[:, floor], answer[:, top])
                axes.fill_between(
                    ahead, band[0], band[1], color="tab:blue", alpha=opacity, linewidth=0
                )
            axes.plot(ahead, answer[:, MEDIAN], color="tab:blue")
            axes.plot(ahead, case.future, color="black", linewidth=1)
            axes.set_title(case.name, fontsize=9)
            axes.tick_params(labelsize=7)
    return figure


def reliability(cases: Sequence[Case], answers: Sequence[Values]) -> Figure:
    """Share of the truth below each quantile, against its level."""
    below = np.concatenate(
        [case.future[:, None] <= answer for case, answer in zip(cases, answers, strict=True)]
    )
    known = np.concatenate([np.isfinite(case.future) for case in cases])
    with plot_style():
        figure = new_figure(4.2, 4.0)
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="0.6", linestyle="--")
        axes.plot(QUANTILE_LEVELS, below[known].mean(0), marker="o")
        axes.set_xlabel("level")
        axes.set_ylabel("share of the truth below")
    return figure
