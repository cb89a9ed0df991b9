"""``report.html``: one self-contained page with what a person wants to look at."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import jinja2
import matplotlib as mpl
from matplotlib.figure import Figure

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 10,
    "legend.frameon": False,
}


class Report:
    """Sections of text, tables and plots, in the order in which they were added."""

    def __init__(self, title: str, summary: str) -> None:
        self._title = title
        self._summary = summary
        self._sections: list[dict[str, Any]] = []

    def text(self, heading: str, body: str) -> Self:
        """Add a paragraph."""
        self._sections.append({"kind": "text", "heading": heading, "body": body, "note": ""})
        return self

    def table(
        self, heading: str, header: Sequence[str], rows: Sequence[Sequence[object]], note: str = ""
    ) -> Self:
        """Add a table; numbers are shown with four significant digits."""
        shown = [[_cell(value) for value in row] for row in rows]
        section = {"kind": "table", "heading": heading, "header": header, "rows": shown}
        self._sections.append(section | {"note": note})
        return self

    def settings(self, heading: str, values: Mapping[str, object]) -> Self:
        """Add a table of names and values."""
        return self.table(heading, ("setting", "value"), list(values.items()))

    def figure(self, heading: str, figure: Figure, note: str = "") -> Self:
        """Add a plot; ``note`` says how to read it."""
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
        picture = base64.b64encode(stream.getvalue()).decode("ascii")
        section = {"kind": "figure", "heading": heading, "picture": picture, "note": note}
        self._sections.append(section)
        return self

    def render(self) -> str:
        """The whole page as HTML."""
        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        return template.render(title=self._title, summary=self._summary, sections=self._sections)


def new_figure(width: float = 8.0, height: float = 3.6) -> Figure:
    """A figure in the reports' style, in inches; no window system is touched."""
    with mpl.rc_context(_STYLE):
        return Figure(figsize=(width, height), layout="constrained")


def plot_style() -> Any:
    """Context in which axes are drawn in the reports' style."""
    return mpl.rc_context(_STYLE)


def loss_curve(steps: Sequence[float], losses: Sequence[float], **metrics: Any) -> Figure:
    """Training loss on the left axis, each validation metric (steps, values) on the right one."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.plot(steps, losses, color="tab:blue", label="training loss")
        axes.set_xlabel("step")
        axes.set_ylabel("training loss")
        right = axes.twinx()
        for name, (at, values) in metrics.items():
            right.plot(at, values, marker=".", color="tab:orange", label=name.replace("_", " "))
        right.set_ylabel("validation")
        right.grid(visible=False)
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
