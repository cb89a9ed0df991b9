"""The plots of a next-word report."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from training.next_word.scoring import Guesses
from training.report import new_figure, plot_style

NETWORK, BASELINE = "tab:blue", "tab:gray"


def perplexity_by_context(
    network: Mapping[int, float], baseline: Mapping[int, float], baseline_name: str
) -> Figure:
    """Perplexity where only the last words are known."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for values, label, color in (
            (baseline, baseline_name, BASELINE),
            (network, "network", NETWORK),
        ):
            axes.plot(list(values), list(values.values()), marker="o", label=label, color=color)
        axes.set_xscale("symlog", base=2, linthresh=1)
        axes.set_xticks(sorted({*network, *baseline}), map(str, sorted({*network, *baseline})))
        axes.set_xlabel("words of context")
        axes.set_yscale("log")
        axes.set_ylabel("perplexity")
        axes.legend()
    return figure


def hit_rate_bars(
    network: Mapping[str, float], baseline: Mapping[str, float], baseline_name: str
) -> Figure:
    """Hit rates of both, side by side."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        at = np.arange(len(network))
        axes.bar(at - 0.2, list(baseline.values()), 0.4, label=baseline_name, color=BASELINE)
        bars = axes.bar(at + 0.2, list(network.values()), 0.4, label="network", color=NETWORK)
        axes.bar_label(bars, fmt="{:.1%}")
        axes.set_xticks(at, [name.replace("_", " ") for name in network])
        axes.set_ylabel("share right")
        axes.legend()
    return figure


def reliability(network: Guesses, *, n_bins: int = 10) -> Figure:
    """How often the first guess is right, by the probability it was given."""
    with plot_style():
        figure = new_figure(width=4.5, height=4.0)
        axes = figure.add_subplot()
        place = np.minimum((network.confidence * n_bins).astype(int), n_bins - 1)
        count = np.bincount(place, minlength=n_bins)
        filled = count > 0
        said = np.bincount(place, network.confidence, minlength=n_bins)[filled] / count[filled]
        right = np.bincount(place, network.rank == 0, minlength=n_bins)[filled] / count[filled]
        axes.plot([0, 1], [0, 1], color=BASELINE, linestyle="--")
        axes.plot(said, right, marker="o", color=NETWORK)
        axes.set_xlabel("probability of the first guess")
        axes.set_ylabel("share right")
    return figure
