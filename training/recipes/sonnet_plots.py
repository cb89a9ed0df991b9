"""Plots of the sonnet's report."""

from collections import Counter

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.tokenizer import Vocabulary
from training.report import new_figure, plot_style

SHOWN_WORDS = 20


def frequent_words(vocabulary: Vocabulary, targets: NDArray[np.int64]) -> Figure:
    """How often the most frequent words stand in the text."""
    counts = Counter(vocabulary.words[number] for number in targets.tolist())
    words, numbers = zip(*counts.most_common(SHOWN_WORDS), strict=True)
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.bar(np.arange(len(words)), numbers)
        axes.set_xticks(np.arange(len(words)), words, rotation=45, ha="right")
        axes.set_ylabel("times")
    return figure


def probability_of_truth(shares: NDArray[np.float32], ambiguous: NDArray[np.bool_]) -> Figure:
    """Probability of the word that follows, at every place of the text."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        at = np.arange(len(shares))
        for chosen, label, colour in (
            (~ambiguous, "one word follows these two", "tab:blue"),
            (ambiguous, "several do", "tab:orange"),
        ):
            axes.bar(at[chosen], shares[chosen], width=1.0, label=label, color=colour)
        axes.set(xlabel="place in the sonnet", ylabel="probability of the truth", ylim=(0, 1))
        figure.legend(loc="outside upper right", ncols=2)
    return figure
