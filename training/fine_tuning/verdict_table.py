"""The outcome of a fine-tuning on the terminal: a table of candidates and the verdict."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from training.fine_tuning.recommendation import Recommendation


def show(
    recommendation: Recommendation,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str,
    console: Console | None = None,
) -> None:
    """Print the candidates (first column: their names), each contest in words, and the verdict."""
    console = console or Console(stderr=True)
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in header:
        table.add_column(name, justify="left" if name == header[0] else "right", no_wrap=True)
    for row in rows:
        chosen = row[0] == recommendation.use
        table.add_row(*row, style="bold" if chosen else None)
    console.print(table)
    for outcome in recommendation.contests:
        console.print(f"{recommendation.adapted}: {outcome.words}", soft_wrap=True, highlight=False)
    console.print(
        recommendation.sentence,
        style="green" if recommendation.recommended else "yellow",
        soft_wrap=True,
        highlight=False,
    )
