"""Plots of a transducer's report."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from training.report import new_figure, plot_style
from training.transduce.signals import Signals

SHOWN = 300
COLOURS = ("tab:blue", "tab:orange")
Outputs = Mapping[str, npt.NDArray[Any]]


def examples(signals: Signals, outputs: npt.NDArray[Any], rows: list[int], *, end: int) -> Figure:
    """Input, output wanted and output given, a panel a signal."""
    with plot_style():
        figure = new_figure(9.0, 2.1 * len(rows))
        part = slice(max(0, end - SHOWN), end)
        time = np.arange(part.start, part.stop)
        for panel, row in enumerate(rows):
            axes = figure.add_subplot(len(rows), 1, panel + 1)
            axes.plot(time, signals.inputs[row, part], color="0.7", linewidth=1, label="input")
            axes.plot(time, signals.targets[row, part], color="black", linewidth=1, label="truth")
            axes.plot(time, outputs[row, part], color=COLOURS[0], label="output")
        axes.set_xlabel("sample")
        handles = axes.get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper right", ncols=3)
    return figure


def error_by_sample(signals: Signals, outputs: Outputs) -> Figure:
    """How soon an answer settles: error at every sample since the start, over all signals."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for (name, found), colour in zip(outputs.items(), COLOURS, strict=True):
            errors = (found - signals.targets) / signals.scale[:, None]
            axes.plot(np.sqrt((errors**2).mean(axis=0)), color=colour, label=name)
        axes.set_xlabel("samples since the start")
        axes.set_ylabel("relative error")
        axes.set_ylim(bottom=0)
        axes.legend()
    return figure


def error_by_period(signals: Signals, outputs: Outputs, *, n_bins: int = 12) -> Figure:
    """Error of signals by their period, in groups of equal size."""
    assert signals.periods is not None  # noqa: S101 - asked for only where they are known
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        groups = np.array_split(np.argsort(signals.periods), min(n_bins, len(signals.periods)))
        periods = [float(np.median(signals.periods[group])) for group in groups]
        for (name, found), colour in zip(outputs.items(), COLOURS, strict=True):
            errors = ((found - signals.targets) / signals.scale[:, None]) ** 2
            shown = [float(np.sqrt(errors[g][signals.scored[g]].mean())) for g in groups]
            axes.plot(periods, shown, marker="o", color=colour, label=name)
        axes.set_xscale("log")
        axes.set_xlabel("samples in a period")
        axes.set_ylabel("relative error")
        axes.set_ylim(bottom=0)
        axes.legend()
    return figure
