"""Beliefs after every row as a picture: a panel a file, rows downwards, a line for each class."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, UnidentifiedImageError

MOST_PANELS = 12
MOST_NAMED = 4  # classes that led at some row; the others are grey


def draw(
    path: Path,
    files: Sequence[Path],
    predictions: Sequence[Mapping[str, Any]],
    classes: Sequence[str],
) -> int:
    """Draw the first files and return how many there are in the picture.

    Raises:
        OSError, ValueError: the file cannot be written, or its ending is of no known picture.
    """
    panels = list(zip(files, predictions, strict=True))[:MOST_PANELS]
    figure = Figure(figsize=(9.0, 2.6 * len(panels)), layout="constrained")
    grid = figure.subplots(len(panels), 2, squeeze=False, width_ratios=[1, 3])
    for (left, right), (file, found) in zip(grid, panels, strict=True):
        _show_file(left, file)
        _draw_beliefs(right, np.array(found["trace"]), classes)
        right.set_title(f"{file.name}: {found['label']}", fontsize="medium", loc="left")
    grid[-1, 1].set_xlabel("rows shown")
    figure.savefig(path, dpi=120)
    return len(panels)


def _show_file(axes: Axes, file: Path) -> None:
    axes.axis("off")
    try:
        with Image.open(file) as picture:
            axes.imshow(np.asarray(picture.convert("RGB")))
    except (OSError, UnidentifiedImageError):  # the service read it; then the panel stays empty
        return


def _draw_beliefs(axes: Axes, trace: Any, classes: Sequence[str]) -> None:
    rows = np.arange(1, len(trace) + 1)
    leaders = np.unique(trace.argmax(axis=1))
    named = leaders[np.argsort(-trace[:, leaders].sum(axis=0))][:MOST_NAMED]
    for at in range(trace.shape[1]):
        if at not in named:
            axes.plot(rows, trace[:, at], color="lightgray", lw=0.8)
    for at in sorted(named):
        axes.plot(rows, trace[:, at], lw=1.6, label=classes[at])
    axes.set(ylim=(0.0, 1.02), xlim=(1, len(trace)), ylabel="probability")
    axes.legend(loc="center left", fontsize="small")
