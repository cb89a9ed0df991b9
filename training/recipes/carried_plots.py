"""Plots of the recipes that map a signal to a signal."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.report import new_figure, plot_style

SHOWN_WINDOWS = 6


def data(sine: NDArray[np.float32], cosine: NDArray[np.float32], n_points: int) -> Figure:
    """Input and target of a few windows."""
    return _lines({"input: sine": sine, "target: cosine": cosine}, n_points)


def comparison(truth: NDArray[np.float32], outputs: NDArray[np.float32], n_points: int) -> Figure:
    """Target and output of a few windows."""
    return _lines({"truth": truth, "prediction": outputs}, n_points)


def error_by_window(losses: NDArray[np.float32]) -> Figure:
    """Mean squared error of every window when it was met."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.semilogy(np.arange(1, len(losses) + 1), losses)
        axes.set(xlabel="window", ylabel="mean squared error")
    return figure


def _lines(lines: dict[str, NDArray[np.float32]], n_points: int) -> Figure:
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        shown = SHOWN_WINDOWS * n_points
        styles = ("-", "--")
        for (label, values), style in zip(lines.items(), styles, strict=True):
            part = values[:shown]
            axes.plot(np.arange(len(part)) / n_points, part, style, label=label)
        axes.set(xlabel="window")
        figure.legend(loc="outside upper right", ncols=2)
    return figure
