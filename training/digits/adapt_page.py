"""The report of a reader adapted to other pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from training.digits import plots
from training.digits.config import DigitsTraining
from training.digits.evaluation import confusion, probabilities_of
from training.digits.rivals import ADAPTED, SCRATCH, Comparison
from training.digits.trials import Trial
from training.provenance import chosen_options
from training.report import Report, new_figure, plot_style

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def adapted_page(
    config: DigitsTraining,
    parent: str,
    comparison: Comparison,
    trials: tuple[Sequence[Trial], Sequence[Trial]],
    table: Table,
) -> str:
    """The verdict first, then what a person wants to look at."""
    judged, verdict = comparison.judged, comparison.recommendation
    probabilities = probabilities_of(comparison.logits)
    labels, n_classes = judged.test.labels, len(judged.classes)
    report = Report(f"{config.name}: adapted from {parent}", verdict.sentence)
    report.table(
        "Beside the alternatives", *table, note=f"{len(labels)} images: {judged.note}. {_NOTE}"
    )
    report.text("In words", " ".join(f"{outcome.words}." for outcome in verdict.contests))
    report.figure("Learning", learning(*trials), "A line for each part; dashed: from scratch.")
    if n_classes <= plots.MAX_CLASSES_SHOWN:
        report.figure("Accuracy of each class", per_class(comparison))
        counts = confusion(comparison.answers(ADAPTED), labels, n_classes)
        note = "A row per true class, a column per answer; right answers are blank."
        report.figure("Confusion", plots.confusion_matrix(counts, judged.classes), note)
    else:
        report.table("Hardest classes", ("class", "right", "images"), hardest(comparison))
    note = "Images answered wrongly, the surest first: truth -> answer, probability."
    report.figure("Mistakes", plots.mistakes(judged, probabilities), note)
    note = "Of the answers given with probability p, a share p should be right."
    report.figure("Reliability", plots.reliability_curve(probabilities, labels), note)
    settings = {**chosen_options(config), "from": parent, "split": judged.note}
    return report.settings("Settings", settings).render()


_NOTE = (
    "What decides is the Brier score, the squared distance of the probabilities to the truth: 0 is "
    "best, and whoever is always sure scores 2 for each wrong answer."
)


def learning(adapted: Sequence[Trial], scratch: Sequence[Trial]) -> Figure:
    """Loss of every training, adapted and from scratch."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for trials, color, style in ((adapted, "tab:blue", "-"), (scratch, "tab:gray", "--")):
            for trial in trials:
                axes.plot(*trial.history.series("loss"), color=color, linestyle=style, marker=".")
        axes.set(xlabel="step", ylabel="training loss", yscale="log")
    return figure


def per_class(comparison: Comparison) -> Figure:
    """Share of right answers of each class: adapted, from scratch, and the best of the others."""
    names = list(comparison.probabilities)
    others = [name for name in names if name not in (ADAPTED, SCRATCH)]
    best = max(others, key=comparison.accuracy)
    with plot_style():
        figure = new_figure(width=max(8.0, 0.4 * len(comparison.judged.classes)))
        axes = figure.add_subplot()
        for name, color, marker in ((best, "tab:gray", "x"), (SCRATCH, "tab:orange", "+")):
            axes.plot(_shares(comparison, name), marker, color=color, label=name)
        axes.bar(
            range(len(comparison.judged.classes)),
            _shares(comparison, ADAPTED),
            label=ADAPTED,
            alpha=0.4,
        )
        axes.set_xticks(range(len(comparison.judged.classes)), list(comparison.judged.classes))
        axes.set(xlabel="class", ylabel="share right")
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def hardest(comparison: Comparison, n_shown: int = 20) -> list[tuple[str, str, int]]:
    """The classes answered worst."""
    shares = _shares(comparison, ADAPTED)
    counts = np.bincount(comparison.judged.test.labels, minlength=len(shares))
    return [
        (comparison.judged.classes[i], f"{shares[i]:.1%}", int(counts[i]))
        for i in np.argsort(shares, kind="stable")[:n_shown]
    ]


def _shares(comparison: Comparison, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    labels = comparison.judged.test.labels
    right = (comparison.answers(name) == labels).astype(np.float64)
    n = len(comparison.judged.classes)
    counts = np.bincount(labels, minlength=n)
    shares: np.ndarray[tuple[int], np.dtype[np.float64]] = np.bincount(
        labels, right, n
    ) / np.maximum(counts, 1)
    return shares
