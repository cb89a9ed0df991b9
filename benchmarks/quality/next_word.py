"""How often a running service suggests the right next word, next to what its manifest states.

    seqserve serve &
    python -m benchmarks.quality.next_word --url http://127.0.0.1:8000

It asks at the same positions of the text as the training measured at, with the words before them
as plain text, so the hit rates must be those of the manifest. Expect: under a minute.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models.tokenizer import NUMBER, PARAGRAPH, Tokenizer, is_shown
from training.next_word.evaluation import MOST_POSITIONS, TOP, sample_positions
from training.next_word.text import read_text

SHARED_TEXT = Path("../shared/data/text/novels-valid.txt.gz")
SPELLED = {NUMBER: "7", PARAGRAPH: "\n\n"}
# Dots with one space between them are three dots.
_DOTS = re.compile(r"\. (?=\.)")
MOST_WORDS = 40
CONTEXTS_PER_REQUEST = 100


@dataclass(frozen=True)
class Question:
    """A text, and the word that follows it."""

    context: str
    word: str


def questions_of(
    words: Sequence[str], n_positions: int, n_context: int = MOST_WORDS
) -> list[Question]:
    """Evenly spread positions of a text where a word follows."""
    at = [int(i) for i in sample_positions(len(words), most=n_positions) if is_shown(words[i])]
    return [Question(spelled(words[max(0, i - n_context) : i]), words[i]) for i in at]


def spelled(words: Sequence[str]) -> str:
    """Text that is cut into these words again."""
    text = " ".join(SPELLED.get(word, word) for word in words)
    return _DOTS.sub(".  ", text)


def ask(client: httpx.Client, questions: Sequence[Question], name: str) -> Iterator[int | None]:
    """Rank at which the service suggests the right word; ``None`` when it does not."""
    for start in range(0, len(questions), CONTEXTS_PER_REQUEST):
        some = questions[start : start + CONTEXTS_PER_REQUEST]
        body = {"contexts": [q.context for q in some], "top_k": max(TOP), "model": name}
        answer = client.post("/next-word", json=body).raise_for_status().json()
        for question, prediction in zip(some, answer["predictions"], strict=True):
            suggested = [candidate["word"] for candidate in prediction["candidates"]]
            yield suggested.index(question.word) if question.word in suggested else None


def hit_rates(ranks: Sequence[int | None]) -> dict[str, float]:
    """Share of right words among the first 1, 3 and 5 suggestions."""
    found = np.array([max(TOP) if rank is None else rank for rank in ranks])
    return {f"word_top_{k}": float((found < k).mean()) for k in TOP}


def compare(measured: dict[str, float], metrics: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each measured rate next to the manifest's figure and its baselines."""
    stated = {metric["name"]: metric for metric in metrics}
    return [
        {
            "metric": name,
            "measured": value,
            "manifest": stated.get(name, {}).get("value"),
            **stated.get(name, {}).get("baselines", {}),
        }
        for name, value in measured.items()
    ]


def main(
    url: Annotated[str, typer.Option(help="A running service.")] = "http://127.0.0.1:8000",
    text: Annotated[Path, typer.Option(help="Text never trained on.")] = SHARED_TEXT,
    positions: Annotated[int, typer.Option(help="Positions to ask at.")] = MOST_POSITIONS,
    model: Annotated[str, typer.Option(help="Name of the model.")] = "next-word",
    output: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Measure the hit rates of a running service."""
    with httpx.Client(base_url=url, timeout=60.0) as client:
        stated = client.get(f"/models/{model}").raise_for_status().json()
        tokenizer = Tokenizer.from_spec(stated["parameters"]["tokenizer"])
        questions = questions_of(tokenizer.words(read_text(text)), positions)
        measured = hit_rates(list(ask(client, questions, model)))
    name = text.name.split(".")[0]
    rows = compare(measured, [each for each in stated["metrics"] if each["data"] == name])
    _show(rows, f"{model}: {len(questions):,} words of {text.name}")
    if output is not None:
        output.write_text(json.dumps({"positions": len(questions), "rows": rows}, indent=2) + "\n")


def _show(rows: Sequence[dict[str, Any]], title: str) -> None:
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row.values()))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
