"""Answers of the service as tables for the terminal."""

import math
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


def backtest_table(names: Sequence[str], answer: dict[str, Any]) -> Table:
    """A row for every series, and one for all together."""
    table = _table()
    table.add_column("series")
    for heading in ("windows", "MASE", "naive MASE", "skill", "sMAPE", "WQL", "in 80 %"):
        table.add_column(heading, justify="right")
    for name, found in zip(names, answer["series"], strict=True):
        table.add_row(name, str(len(found["origins"])), *_backtest_cells(found))
    if len(names) > 1:
        together = answer["together"]
        cells = _backtest_cells(together)
        table.add_row("together", str(together["n_windows"]), *cells, style="bold")
    return table


def _backtest_cells(found: dict[str, Any]) -> list[str]:
    accuracy = found["accuracy"]
    return [
        _figure(accuracy["mase"]),
        _figure(found["naive"]["mase"]),
        _figure(found["skill"], "+.1%"),
        _figure(accuracy["smape"], ".1f"),
        _figure(accuracy["wql"]),
        _figure(accuracy["coverage_80"], ".0%"),
    ]


def _figure(value: float | None, how: str = ".3f") -> str:
    return "-" if value is None else format(value, how)


def classification_table(names: Sequence[str], predictions: Sequence[dict[str, Any]]) -> Table:
    """A row for every picture: its class, and how sure the model is."""
    table = _table()
    for heading in ("picture", "shows", "probability", ""):
        table.add_column(heading)
    for name, found in zip(names, predictions, strict=True):
        table.add_row(name, found["label"], *_probability(found["probability"]))
    return table


def trace_table(name: str, found: dict[str, Any], classes: Sequence[str]) -> Group:
    """A row for every row of the image that changed the belief: the leading class so far."""
    table = _table()
    for heading in ("rows", "leads", "probability", ""):
        table.add_column(heading)
    before: list[float] = []
    for row, belief in enumerate(found["trace"], start=1):
        if belief != before:
            leading = max(range(len(belief)), key=belief.__getitem__)
            table.add_row(str(row), classes[leading], *_probability(belief[leading]))
        before = belief
    return _titled(f"{name}: {found['label']}", table)


def next_word_table(context: str, candidates: Sequence[dict[str, Any]]) -> Group:
    """A row for every candidate."""
    table = _table()
    for heading in ("next word", "probability", ""):
        table.add_column(heading)
    for candidate in candidates:
        table.add_row(candidate["word"], *_probability(candidate["probability"]))
    return _titled(f"{context} ..." if context else "(start of a text)", table)


def score_table(text: str, score: dict[str, Any]) -> Group:
    """A row for every word: its probability after those before it."""
    table = _table()
    for heading in ("word", "probability", ""):
        table.add_column(heading)
    for found in score["words"]:
        word = found["word"] if found["known"] else f"{found['word']} (unknown)"
        table.add_row(word, *_probability(math.exp(found["log_probability"])))
    figures = f"perplexity {score['perplexity']:.1f}, log {score['log_probability']:.1f}"
    return _titled(f"{text}: {figures}", table)


def neighbours_table(neighbourhood: dict[str, Any]) -> Group:
    """A row for every neighbour of a word."""
    table = _table()
    for heading in ("neighbour", "similarity", ""):
        table.add_column(heading)
    for found in neighbourhood["neighbours"]:
        table.add_row(found["word"], *_probability(max(0.0, found["similarity"])))
    return _titled(neighbourhood["word"], table)


def _table() -> Table:
    return Table(box=None, pad_edge=False)


def _titled(title: str, table: Table) -> Group:
    return Group(Text(title, style="bold"), table)


def _probability(value: float) -> tuple[str, str]:
    return f"{value:.3f}", "\u2588" * round(BAR * value)
