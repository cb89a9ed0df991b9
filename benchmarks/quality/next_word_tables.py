"""Perplexity, hit rates and keystrokes saved on two texts that were never trained on."""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.quality import next_word
from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from benchmarks.quality.next_word_keystrokes import saved
from benchmarks.quality.next_word_perplexity import perplexity
from models.tokenizer import Tokenizer
from training.next_word.corpus import MODERN, MODERN_NAME
from training.next_word.evaluation import MOST_POSITIONS
from training.next_word.held_out import split_tenth
from training.next_word.text import read_text

NAME = "next-word"
QUICK_POSITIONS, QUICK_EVERY = 2000, 20
NOTE = (
    "The manifest's figures and the Kneser-Ney 5-gram beside them were measured when the model was "
    "trained, on the same tokens with the same vocabulary. Hit rates: where a word follows, an "
    "unknown one is a miss. Keystrokes: three suggestions before the first and after every letter."
)


def tables(run: Run) -> Iterator[Table]:
    """A table for each text."""
    described = run.client.get(f"/models/{NAME}").raise_for_status().json()
    tokenizer = Tokenizer.from_spec(described["parameters"]["tokenizer"])
    novels = read_text(run.data / "text/novels-valid.txt.gz")
    _, modern = split_tenth(read_text(run.data / "text" / MODERN))
    for name, text in (("novels-valid", novels), (MODERN_NAME, modern)):
        metrics = [metric for metric in described["metrics"] if metric["data"] == name]
        rows = list(_rows(run, tokenizer.words(text), metrics))
        yield Table(f"{name}: the next word", command_of(NAME), rows, ".4f", NOTE)


def _rows(run: Run, words: Sequence[str], metrics: Sequence[dict[str, Any]]) -> Iterator[Row]:
    every, positions = (QUICK_EVERY, QUICK_POSITIONS) if run.quick else (1, MOST_POSITIONS)
    measured = {"perplexity": perplexity(run.client, words, NAME, every=every)}
    questions = next_word.questions_of(words, positions)
    measured |= next_word.hit_rates(list(next_word.ask(run.client, questions, NAME)))
    measured["keystrokes_saved"] = saved(run.client, questions, NAME)
    for row in next_word.compare(measured, metrics):
        name, here = row.pop("metric"), row.pop("measured")
        yield Row(name, here, row)
        # Of a sample it would be no ratio: the baseline's is that of the whole text.
        if name == "perplexity" and (baselines := [*row][1:]) and not run.quick:
            ratio = here / row[baselines[0]]
            yield Row("perplexity relative to Kneser-Ney", ratio, asked=Bound(most=0.75))
