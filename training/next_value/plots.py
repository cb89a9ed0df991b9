"""Plots of one series: the data, and truth against prediction in two ways."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.next_value.evaluation import INTERVAL, Test
from training.next_value.series import OneSeries
from training.report import new_figure, plot_style


def data(series: OneSeries) -> Figure:
    """The whole series, a line where the test begins, and the noise-free series if known."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        dots = "." if series.clean is not None else "-"
        axes.plot(series.values, dots, color="0.4", markersize=2, linewidth=1, label=series.name)
        if series.clean is not None:
            axes.plot(series.clean, color="tab:orange", label="without noise")
            figure.legend(loc="outside upper right", ncols=2)
        axes.axvline(series.n_training - 0.5, color="0.6", linestyle="--")
        axes.set(xlabel="step", ylabel=series.unit)
    return figure


def one_step(series: OneSeries, test: Test) -> Figure:
    """The test part, and what was said of each point one step before it."""
    steps = np.arange(series.n_training, len(series.values))
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        _truth(axes, series, steps)
        if series.season_length > 1:
            axes.plot(steps, test.naive_one_step, ":", color="tab:green", label="seasonal naive")
        axes.plot(steps, test.one_step, color="tab:blue", label="prediction")
        axes.set(xlabel="step", ylabel=series.unit)
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def from_origin(series: OneSeries, test: Test) -> Figure:
    """The end of the past, then all steps forecast at once with their interval."""
    steps = np.arange(len(test.from_origin)) + series.n_training
    before = np.arange(max(0, series.n_training - 2 * len(steps)), series.n_training)
    low, high = test.quantiles[:, INTERVAL[0]], test.quantiles[:, INTERVAL[1]]
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.plot(before, series.values[before], color="0.6", linewidth=1)
        axes.fill_between(steps, low, high, color="tab:blue", alpha=0.2, linewidth=0)
        _truth(axes, series, steps)
        axes.plot(steps, test.naive_from_origin, ":", color="tab:green", label=_naive(series))
        axes.plot(steps, test.from_origin, color="tab:blue", label="forecast")
        axes.set(xlabel="step", ylabel=series.unit)
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def _naive(series: OneSeries) -> str:
    return "seasonal naive" if series.season_length > 1 else "naive: the last value"


def _truth(axes: Axes, series: OneSeries, steps: NDArray[np.int64]) -> None:
    style = "." if series.clean is not None else "-"
    axes.plot(steps, series.values[steps], style, color="black", markersize=2, label="truth")
