"""Measure an export of words in int8, on the end of the text that its training set aside."""

import contextlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from models.export_folder import read_manifest
from models.manifest import Manifest, ReducedPrecision
from models.next_words import NextWords
from training.draft import Draft
from training.errors import ExportError
from training.export import write_export
from training.next_word.corpus import Corpus, Words
from training.next_word.evaluation import (
    MOST_POSITIONS,
    TOP,
    contexts_of,
    is_word,
    sample_positions,
)
from training.reduced_precision import (
    VALIDATION,
    Array,
    Measurement,
    add_reduced_precision,
    supported,
)

DTYPE = "int8"
# Of the log-likelihood: 0.05 % of the perplexity. Of hit rates: half a word in a thousand.
MAY_LOSE = 0.0005


def write_measured(graph: NextWords, draft: Draft, repository: Path, corpus: Corpus) -> Path:
    """Write the export, and let the service use int8 where that was measured to cost nothing.

    Raises:
        ExportError: the graph does not answer as the network does.
    """
    folder = write_export(graph, draft, repository)
    if supported(DTYPE):
        with contextlib.suppress(ExportError):  # then the service computes in float32
            measure_precision(folder, corpus)
    return folder


def measure_precision(folder: Path, corpus: Corpus) -> ReducedPrecision:
    """Note likelihood and hit rates of the export in ``folder`` in both precisions.

    The held-out end of the text decides; the texts of the figures are noted beside it.

    Raises:
        ExportError: too much is lost, or an answer depends on its batch.
    """
    manifest = read_manifest(folder)
    measured = _measurements(manifest, "held-out end", VALIDATION, corpus.held_out)
    unseen = {**corpus.also}
    if corpus.evaluation is not corpus.held_out:
        unseen = {corpus.evaluation_name: corpus.evaluation, **unseen}
    for name, words in unseen.items():
        measured += _measurements(manifest, name, "evaluation", words)
    return add_reduced_precision(folder, DTYPE, measured, may_lose=MAY_LOSE)


def _measurements(manifest: Manifest, name: str, split: str, words: Words) -> list[Measurement]:
    at = sample_positions(len(words), most=MOST_POSITIONS)
    targets = words[at]
    contexts = contexts_of(words, at, int(manifest.parameters["context_length"]))
    hits = partial(_hits, targets=targets, first_word_id=int(manifest.parameters["first_word_id"]))
    measurement = partial(
        Measurement, data=name, split=split, note=f"{len(at)} positions, evenly spread"
    )
    return [
        measurement(inputs=[contexts, targets], figures=_likelihood, method="score"),
        measurement(inputs=[contexts], figures=hits),
    ]


def _likelihood(log_probabilities: Array) -> Mapping[str, float]:
    return {"log-likelihood": float(log_probabilities.mean(dtype=np.float64))}


def _hits(
    words: Array, _probabilities: Array, *, targets: Words, first_word_id: int
) -> Mapping[str, float]:
    """As ``hit_rates``, of the words that the export itself names; the unknown one never is."""
    word = is_word(targets, first_word_id)
    found = words[word] == targets[word, None]
    return {f"word_top_{k}": float(found[:, :k].any(axis=1).mean()) for k in TOP}
