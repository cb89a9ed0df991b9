"""Answers of the service as tables for the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

BAR = 24


def forecast_table(name: str, forecast: dict[str, Any]) -> Group:
    """A row for every step: the mean and the quantiles."""
    season = forecast["season_length"]
    season_text = f"season of {season} steps" if season > 1 else "no season"
    table = _table()
    for heading in ("step", "mean", *forecast["quantiles"]):
        table.add_column(heading, justify="right")
    columns = [forecast["mean"], *forecast["quantiles"].values()]
    for step, values in enumerate(zip(*columns, strict=True), start=1):
        table.add_row(str(step), *(f"{value:.6g}" for value in values))
    return _titled(f"{name}: {season_text}", table)


def classification_table(names: Sequence[str], predictions: Sequence[dict[str, Any]]) -> Table:
    """A row for every picture: its class, and how sure the model is."""
    table = _table()
    for heading in ("picture", "shows", "probability", ""):
        table.add_column(heading)
    for name, found in zip(names, predictions, strict=True):
        table.add_row(name, found["label"], *_probability(found["probability"]))
    return table


def next_word_table(context: str, candidates: Sequence[dict[str, Any]]) -> Group:
    """A row for every candidate."""
    table = _table()
    for heading in ("next word", "probability", ""):
        table.add_column(heading)
    for candidate in candidates:
        table.add_row(candidate["word"], *_probability(candidate["probability"]))
    return _titled(f"{context} ..." if context else "(start of a text)", table)


def _table() -> Table:
    return Table(box=None, pad_edge=False)


def _titled(title: str, table: Table) -> Group:
    return Group(Text(title, style="bold"), table)


def _probability(value: float) -> tuple[str, str]:
    return f"{value:.3f}", "\u2588" * round(BAR * value)
