"""Plots of a digits report."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.digits.augmentation import augment
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.evaluation import Probabilities, reliability
from training.digits.runs import Run
from training.report import new_figure, plot_style

MAX_CLASSES_SHOWN = 40
_MAX_MISTAKES = 60
_COLUMNS = 12
_CELL, _TITLE_HEIGHT = 32, 16  # pixels of a picture with its gap, and above it


def learning_curves(runs: Sequence[Run]) -> Figure:
    """Training and validation loss, and validation accuracy, of every seed."""
    with plot_style():
        figure = new_figure()
        left, right = figure.subplots(1, 2)
        for i, run in enumerate(runs):
            colour = f"C{i}"
            left.plot(*run.history.series("loss"), color=colour, label=f"seed {run.seed}")
            left.plot(*run.history.series("validation_loss"), color=colour, linestyle="--")
            right.plot(*run.history.series("validation_accuracy"), color=colour)
        left.set(xlabel="step", ylabel="loss (dashed: validation)", yscale="log")
        right.set(xlabel="step", ylabel="validation accuracy")
        left.legend()
    return figure


def confusion_matrix(table: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """The wrong answers as a coloured table."""
    wrong = table.copy()
    np.fill_diagonal(wrong, 0)
    with plot_style():
        side = max(4.0, 0.36 * len(classes) + 1.0)
        figure = new_figure(side, side)
        axes = figure.add_subplot()
        axes.imshow(
            wrong, cmap="Reds", vmin=0, vmax=2 * max(1, wrong.max())
        )  # figures stay legible
        axes.grid(visible=False)
        axes.set_xticks(range(len(classes)), list(classes))
        axes.set_yticks(range(len(classes)), list(classes))
        axes.set(xlabel="answer", ylabel="truth")
        for row, column in zip(*np.nonzero(wrong), strict=True):
            axes.text(column, row, str(wrong[row, column]), ha="center", va="center", fontsize=8)
    return figure


def mistakes(data: DigitData, probabilities: Probabilities) -> Figure:
    """Wrongly answered test images, the surest first."""
    predicted, labels = probabilities.argmax(axis=1), data.test.labels
    wrong = np.flatnonzero(predicted != labels)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:_MAX_MISTAKES]
    titles = [
        f"{data.classes[labels[i]]} → {data.classes[predicted[i]]}\n{probabilities[i].max():.2f}"
        for i in surest
    ]
    return gallery([data.test.images[i] for i in surest], titles)


def augmentations(data: DigitData, config: DigitsTraining) -> Figure:
    """Some training images, and what training made of them."""
    originals = data.training.images[:4]
    repeated = torch.from_numpy(np.repeat(originals, _COLUMNS - 1, axis=0))
    generator = torch.Generator().manual_seed(config.seed)
    deformed = augment(repeated, generator, strength=config.augmentation).numpy()
    per_image = deformed.reshape(len(originals), _COLUMNS - 1, 28, 28)
    rows = zip(originals, per_image, strict=True)
    return gallery([picture for first, others in rows for picture in (first, *others)])


def reliability_curve(probabilities: Probabilities, labels: NDArray[np.int64]) -> Figure:
    """Accuracy against confidence in bins, and how many images are in each."""
    counts, confidence, accuracy = reliability(probabilities, labels)
    used = counts > 0
    with plot_style():
        figure = new_figure()
        left, right = figure.subplots(1, 2)
        left.plot([0, 1], [0, 1], color="grey", linewidth=1)
        left.plot(confidence[used], accuracy[used], marker="o")
        left.set(xlabel="probability of the answer", ylabel="share right")
        right.bar((np.arange(len(counts)) + 0.5) / len(counts), counts, width=0.9 / len(counts))
        right.set(xlabel="probability of the answer", ylabel="images", yscale="log")
    return figure


def gallery(pictures: Sequence[NDArray[np.generic]], titles: Sequence[str] = ()) -> Figure:
    """Show pictures side by side in one drawing; an axes for each would take seconds."""
    n_rows = max(1, -(-len(pictures) // _COLUMNS))
    cell_height = _CELL + (_TITLE_HEIGHT if titles else 0)
    sheet = np.zeros((n_rows * cell_height, _COLUMNS * _CELL))
    figure = new_figure(8.0, 8.0 * sheet.shape[0] / sheet.shape[1])
    axes = figure.add_subplot()
    axes.axis("off")
    for i, picture in enumerate(pictures):
        bottom, left = (i // _COLUMNS + 1) * cell_height, i % _COLUMNS * _CELL
        sheet[bottom - 28 : bottom, left : left + 28] = picture
        if titles:
            axes.text(left + 14, bottom - 29, titles[i], ha="center", va="bottom", fontsize=7)
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=255)
    return figure
