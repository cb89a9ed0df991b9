"""Back-tests as a picture: a panel a series, every window's forecast over what came."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MOST_PANELS = 12
# Past that is shown, in windows: more would squeeze the forecasts.
SHOWN_PAST = 4


def draw(path: Path, named: Mapping[str, Sequence[float | None]], answer: Mapping[str, Any]) -> int:
    """Draw the first series and return how many there are in the picture.

    Raises:
        OSError, ValueError: the file cannot be written, or its ending is of no known picture.
    """
    panels = list(zip(named.items(), answer["series"], strict=True))[:MOST_PANELS]
    figure = Figure(figsize=(9.0, 2.6 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for panel, ((name, values), found) in zip(axes, panels, strict=True):
        _draw_one(panel, name, values, found)
    axes[0].legend(loc="upper left", fontsize="small", ncols=4)
    figure.savefig(path, dpi=120)
    return len(panels)


def _draw_one(
    panel: Axes, name: str, values: Sequence[float | None], found: Mapping[str, Any]
) -> None:
    series = np.array(values, dtype=np.float64)
    windows = found["windows"]
    first = min(window["origin"] for window in windows)
    start = max(0, first - SHOWN_PAST * len(windows[0]["median"]))
    panel.plot(np.arange(start, len(series)), series[start:], color="black", lw=1.0, label="truth")
    for number, window in enumerate(windows):
        at = np.arange(window["origin"], window["origin"] + len(window["median"]))
        labels = ("forecast", "80 % interval", "seasonal naive") if number == 0 else (None,) * 3
        panel.plot(at, window["median"], color="tab:blue", lw=1.4, label=labels[0])
        panel.fill_between(
            at, window["low"], window["high"], color="tab:blue", alpha=0.2, lw=0, label=labels[1]
        )
        panel.plot(at, window["naive"], color="tab:orange", lw=0.9, ls="--", label=labels[2])
        panel.axvline(window["origin"] - 0.5, color="gray", lw=0.5)
    panel.set_title(_title(name, found), fontsize="medium", loc="left")
    panel.margins(x=0.01)


def _title(name: str, found: Mapping[str, Any]) -> str:
    mase, skill = found["accuracy"]["mase"], found["skill"]
    figures = "no scale" if mase is None else f"MASE {mase:.2f}"
    return f"{name}: {figures}" + ("" if skill is None else f", skill {skill:+.0%}")
