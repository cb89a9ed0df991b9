"""The comparison as a picture: requests a second, a bar for each server, a panel for each case."""

from pathlib import Path
from typing import Any

from benchmarks.serving.summary import case_of

Row = dict[str, Any]
PANELS = (
    ("1 image a request", ("digits", 1, 64)),
    ("32 images a request", ("digits", 32, 64)),
    ("1 series of 256 points", ("forecaster", 1, 64)),
)
OURS, OTHERS = "#1b7f5c", "#9aa5b1"


def draw(report: Row, file: Path) -> None:
    """Write the picture as PNG."""
    import matplotlib  # noqa: PLC0415 - slow to import, and needed by nothing else here

    matplotlib.use("agg")
    from matplotlib import pyplot  # noqa: PLC0415 - as above

    panels = [panel for panel in PANELS if _bars(report["rows"], panel[1])]
    figure, axes = pyplot.subplots(
        1, max(1, len(panels)), figsize=(11, 3.6), layout="constrained", squeeze=False
    )
    for axis, (title, key) in zip(axes[0], panels, strict=False):
        bars = _bars(report["rows"], key)
        names, rates = [name for name, _ in bars], [rate for _, rate in bars]
        colours = [OURS if name.startswith("seqserve") else OTHERS for name in names]
        drawn = axis.barh(names, rates, color=colours, height=0.7)
        axis.bar_label(drawn, labels=[f"{rate:,.0f}" for rate in rates], padding=3, fontsize=8)
        axis.set_title(title, fontsize=10, loc="left")
        axis.set_xlim(0, max(rates) * 1.22)
        axis.tick_params(labelsize=8)
        axis.set_xticks([])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    facts = report["facts"]
    figure.suptitle(
        f"requests a second, 64 connections, {facts['processors']} cores, {facts['date']}",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)


def _bars(rows: list[Row], key: tuple[str, int, int]) -> list[tuple[str, float]]:
    """Names and rates, slowest first: the last is drawn on top."""
    return sorted(
        ((row["server"], row["requests_per_s"]) for row in rows if case_of(row) == key),
        key=lambda bar: bar[1],
    )
