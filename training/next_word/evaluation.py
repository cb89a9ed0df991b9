"""The figures of a training: the network next to Kneser-Ney on the same words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.manifest import Metric
from models.ngram import NgramNetwork
from models.tokenizer import PADDING_ID, UNKNOWN_ID
from training.next_word.corpus import Corpus
from training.next_word.kneser_ney import KneserNey
from training.next_word.scoring import (
    Guesses,
    guesses_after,
    guesses_of,
    join,
    log_probabilities,
)

Words = NDArray[np.int64]
TOP = (1, 3, 5)
MOST_POSITIONS = 20_000
_ROWS = 250


@dataclass(frozen=True)
class Evaluation:
    """Network and baseline on the evaluation text; perplexity by words of context."""

    perplexity: float
    baseline_perplexity: float
    network: Guesses
    baseline: Guesses
    targets: Words
    unknown_share: float
    by_context: Mapping[int, float]
    baseline_by_context: Mapping[int, float]
    words_share: float


def evaluate(network: NgramNetwork, baselines: Sequence[KneserNey], corpus: Corpus) -> Evaluation:
    """Measure on the whole evaluation text, and on an even sample of it what takes long."""
    words, first = corpus.evaluation, corpus.vocabulary.first_word_id
    at = sample_positions(len(words), most=MOST_POSITIONS)
    targets = words[at]
    contexts = contexts_of(words, at, network.context_length)
    best = baselines[-1]
    return Evaluation(
        perplexity=_perplexity(log_probabilities(network, words)),
        baseline_perplexity=_perplexity(np.log(best.probabilities(words))),
        network=guesses_after(network, contexts, targets, first_word_id=first),
        baseline=_baseline_guesses(best, contexts, targets, first),
        targets=targets,
        unknown_share=float((words == UNKNOWN_ID).mean()),
        by_context=_by_context(network, contexts, targets, first),
        baseline_by_context={
            model.order - 1: _perplexity(np.log(model.probabilities(words)[at]))
            for model in baselines
        },
        words_share=float(is_word(targets, first).mean()),
    )


def sample_positions(n_words: int, *, most: int) -> Words:
    """Evenly spread positions of a text, all of them where there are few."""
    return np.unique(np.linspace(0, n_words - 1, min(most, n_words)).astype(np.int64))


def contexts_of(words: Words, at: Words, length: int) -> Words:
    """The ``length`` words before each position, padded on the left: (position, length)."""
    stream = np.concatenate([np.full(length, PADDING_ID), words])
    contexts: Words = stream[at[:, None] + np.arange(length)]
    return contexts


def is_word(targets: Words, first_word_id: int) -> NDArray[np.bool_]:
    """Where the text goes on with a word, known or not, rather than a mark."""
    found: NDArray[np.bool_] = (targets >= first_word_id) | (targets == UNKNOWN_ID)
    return found


def hit_rates(guesses: Guesses, targets: Words, first_word_id: int) -> dict[str, float]:
    """Share of right answers among the first 1, 3 and 5.

    ``word_``: where a word follows, among the words shown to people, an unknown word being a
    miss. ``token_``: everywhere, marks included.
    """
    word = is_word(targets, first_word_id)
    known = targets[word] != UNKNOWN_ID
    shown_rank = guesses.shown_rank[word]
    rates = {f"word_top_{k}": float(((shown_rank < k) & known).mean()) for k in TOP}
    return rates | {f"token_top_{k}": float((guesses.rank < k).mean()) for k in TOP}


def metrics_of(evaluation: Evaluation, corpus: Corpus) -> list[Metric]:
    """The figures of the manifest, each with the baseline's."""
    order = max(evaluation.baseline_by_context) + 1
    baseline = f"modified Kneser-Ney {order}-gram"
    first = corpus.vocabulary.first_word_id
    own = hit_rates(evaluation.network, evaluation.targets, first)
    theirs = hit_rates(evaluation.baseline, evaluation.targets, first)
    values = {"perplexity": (evaluation.perplexity, evaluation.baseline_perplexity)}
    values |= {name: (rate, theirs[name]) for name, rate in own.items()}
    notes = {"perplexity": _perplexity_note(evaluation, corpus)}
    found = [
        Metric(
            name=name,
            data=corpus.evaluation_name,
            split="evaluation",
            value=round(value, 5),
            baselines={baseline: round(other, 5)},
            note=notes.get(name, f"{len(evaluation.targets)} positions, evenly spread"),
        )
        for name, (value, other) in values.items()
    ]
    ratio = evaluation.perplexity / evaluation.baseline_perplexity
    return [
        *found,
        Metric("perplexity_relative_to_kneser_ney", corpus.evaluation_name, "evaluation", ratio),
    ]


def _perplexity_note(evaluation: Evaluation, corpus: Corpus) -> str:
    return (
        f"over all {len(corpus.evaluation)} tokens, marks, blank lines and unknown words "
        f"({evaluation.unknown_share:.2%}) included; baseline counted on the same "
        f"{len(corpus.train)} tokens with the same {len(corpus.vocabulary)} words"
    )


def _baseline_guesses(model: KneserNey, contexts: Words, targets: Words, first: int) -> Guesses:
    near = contexts[:, max(0, contexts.shape[1] - model.order + 1) :]
    parts = []
    for start in range(0, len(targets), _ROWS):
        with np.errstate(divide="ignore"):  # what never follows has no chance: minus infinity
            scores = np.log(model.distributions(near[start : start + _ROWS]))
        parts.append(guesses_of(scores, targets[start : start + _ROWS], first))
    return join(parts)


def _by_context(
    network: NgramNetwork, contexts: Words, targets: Words, first: int
) -> dict[int, float]:
    lengths = [0, *(2**level for level in range(contexts.shape[1].bit_length()))]
    found = {}
    for length in lengths:
        cut = contexts.copy()
        cut[:, : contexts.shape[1] - length] = PADDING_ID
        guesses = guesses_after(network, cut, targets, first_word_id=first)
        found[length] = _perplexity(guesses.log_probability)
    return found


def _perplexity(log_probability: NDArray[np.float64]) -> float:
    return math.exp(-float(log_probability.mean()))
