"""What came of an adaptation: the input of its verdict, its export and its report."""

from collections.abc import Mapping
from dataclasses import dataclass

from training.fine_tuning.parent import Parent
from training.loop import History
from training.next_word.config import NextWordTraining
from training.next_word.contenders import Comparison
from training.next_word.corpus import Corpus
from training.next_word.own_text import OwnText
from training.next_word.parent_network import Reader


@dataclass(frozen=True)
class Adaptation:
    """``readers`` and ``histories`` by the names of the contenders; the parent has no history."""

    parent: Parent
    config: NextWordTraining
    text: OwnText
    corpus: Corpus
    readers: Mapping[str, Reader]
    histories: Mapping[str, History]
    comparison: Comparison


def table_of(made: Adaptation) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and a row for everybody."""
    comparison = made.comparison
    header = ("", "perplexity", "in first 3", "unknown", "training, s")
    if comparison.old:
        header += ("old text",)  # type: ignore[assignment]
    rows = []
    for name, perplexity in comparison.perplexities.items():
        hits, history = comparison.hits.get(name), made.histories.get(name)
        row = [name, f"{perplexity:.1f}", "" if hits is None else f"{hits:.1%}"]
        row.append(f"{comparison.unknown[name]:.1%}")
        row.append(f"{history.wall_time_s:.0f}" if history else "")
        if comparison.old:
            old = comparison.old.get(name)
            row.append(f"{old:.1f}" if old else "")
        rows.append(tuple(row))
    return header, rows
