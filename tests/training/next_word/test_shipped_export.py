"""The export that ships: what it promises, and (slow) whether it keeps it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.export_folder import active_version, read_manifest
from models.tokenizer import DEFAULT_SPEC, UNKNOWN_ID, Tokenizer, Vocabulary
from training.next_word.corpus import DEFAULT_EVALUATION, SHARED
from training.next_word.evaluation import (
    MOST_POSITIONS,
    TOP,
    contexts_of,
    is_word,
    sample_positions,
)
from training.next_word.text import read_text

FOLDER = Path(__file__).parents[3] / "models" / "repository" / "next-word"
EXPORT = FOLDER / active_version(FOLDER)
MANIFEST = read_manifest(EXPORT)
NOVELS = DEFAULT_EVALUATION.split(".")[0]
STATED = {metric.name: metric for metric in MANIFEST.metrics if metric.data == NOVELS}


def test_it_beats_kneser_ney_by_a_quarter_on_every_text() -> None:
    for perplexity in MANIFEST.metrics:
        if perplexity.name == "perplexity":
            baseline = perplexity.baselines["modified Kneser-Ney 5-gram"]
            assert perplexity.value <= 0.75 * baseline, perplexity.data


def test_it_is_small() -> None:
    assert sum(digest.size_bytes for digest in MANIFEST.files.values()) < 8_500_000


def test_it_was_trained_with_the_tokenizer_of_this_code() -> None:
    assert MANIFEST.parameters["tokenizer"] == DEFAULT_SPEC


@pytest.mark.slow
def test_its_hit_rates_on_unseen_novels_are_those_of_the_manifest() -> None:
    text = SHARED / DEFAULT_EVALUATION
    if not text.is_file():
        pytest.skip(f"{text} is not here")
    vocabulary = Vocabulary.from_text((EXPORT / "vocabulary.txt").read_text(encoding="utf-8"))
    words = np.array(vocabulary.ids(Tokenizer.from_spec(DEFAULT_SPEC).words(read_text(text))))
    at = sample_positions(len(words), most=MOST_POSITIONS)
    at = at[is_word(words[at], vocabulary.first_word_id)]
    contexts = contexts_of(words, at, MANIFEST.parameters["context_length"])
    graph = torch.jit.load(EXPORT / "model.pt")  # type: ignore[no-untyped-call]

    with torch.inference_mode():
        suggested = [graph(torch.from_numpy(some))[0] for some in np.array_split(contexts, 100)]

    hits = torch.cat(suggested).numpy()[:, : max(TOP)] == words[at][:, None]
    hits &= (words[at] != UNKNOWN_ID)[:, None]
    for k in TOP:
        rate = float(hits[:, :k].any(axis=1).mean())
        assert rate == pytest.approx(STATED[f"word_top_{k}"].value, abs=5e-4)
