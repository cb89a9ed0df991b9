"""The figures of a training: the network next to Kneser-Ney on the same words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.manifest import Metric
from models.ngram import NgramNetwork
from models.tokenizer import PADDING_ID, UNKNOWN_ID
from training.next_word.corpus import Corpus
from training.next_word.keystrokes import Keyboard, keystrokes_saved
from training.next_word.kneser_ney import KneserNey
from training.next_word.scoring import (
    Guesses,
    guesses_after,
    guesses_of,
    join,
    log_probabilities,
    log_probabilities_after,
)

Words = NDArray[np.int64]
TOP = (1, 3, 5)
MOST_POSITIONS = 20_000
_ROWS = 250


@dataclass(frozen=True)
class Evaluation:
    """Network and baseline on a text; perplexity by words of context, where it was measured.

    ``letters`` are the lengths of the targets, empty where they are not known.
    """

    name: str
    n_words: int
    perplexity: float
    baseline_perplexity: float
    network: Guesses
    baseline: Guesses
    targets: Words
    letters: Words
    unknown_share: float
    by_context: Mapping[int, float]
    baseline_by_context: Mapping[int, float]


def evaluate(
    network: NgramNetwork, baselines: Sequence[KneserNey], corpus: Corpus
) -> list[Evaluation]:
    """Measure on the evaluation text, by words of context too, then on each of the others."""
    words, best = corpus.evaluation, baselines[-1]
    main = measure(network, best, corpus, corpus.evaluation_name, words)
    at = sample_positions(len(words), most=MOST_POSITIONS)
    by_context = {
        model.order - 1: _perplexity(np.log(model.probabilities(words)[at])) for model in baselines
    }
    main = replace(
        main,
        by_context=_by_context(network, contexts_of(words, at, network.context_length), words[at]),
        baseline_by_context=by_context,
    )
    also = [measure(network, best, corpus, name, some) for name, some in corpus.also.items()]
    return [main, *also]


def measure(
    network: NgramNetwork, best: KneserNey, corpus: Corpus, name: str, words: Words
) -> Evaluation:
    """Measure on a whole text, and on an even sample of it what takes long."""
    at = sample_positions(len(words), most=MOST_POSITIONS)
    targets = words[at]
    contexts = contexts_of(words, at, network.context_length)
    keyboard = Keyboard(corpus.vocabulary)
    return Evaluation(
        name=name,
        n_words=len(words),
        perplexity=_perplexity(log_probabilities(network, words)),
        baseline_perplexity=_perplexity(np.log(best.probabilities(words))),
        network=guesses_after(network, contexts, targets, keyboard),
        baseline=_baseline_guesses(best, contexts, targets, keyboard),
        targets=targets,
        letters=corpus.letters[name][at] if name in corpus.letters else targets[:0],
        unknown_share=float((words == UNKNOWN_ID).mean()),
        by_context={},
        baseline_by_context={},
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


def metrics_of(evaluation: Evaluation, corpus: Corpus, order: int) -> list[Metric]:
    """The figures of the manifest, each with that of the baseline of this order."""
    baseline = f"modified Kneser-Ney {order}-gram"
    first = corpus.vocabulary.first_word_id
    own = _rates(evaluation.network, evaluation, first)
    theirs = _rates(evaluation.baseline, evaluation, first)
    values = {"perplexity": (evaluation.perplexity, evaluation.baseline_perplexity)}
    values |= {name: (rate, theirs[name]) for name, rate in own.items()}
    notes = {"perplexity": _perplexity_note(evaluation, corpus)}
    found = [
        Metric(
            name=name,
            data=evaluation.name,
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
        Metric("perplexity_relative_to_kneser_ney", evaluation.name, "evaluation", ratio),
    ]


def _rates(guesses: Guesses, evaluation: Evaluation, first_word_id: int) -> dict[str, float]:
    rates = hit_rates(guesses, evaluation.targets, first_word_id)
    if not len(evaluation.letters):
        return rates
    word = is_word(evaluation.targets, first_word_id)
    saved = keystrokes_saved(guesses.typed[word], evaluation.letters[word])
    return rates | {"keystrokes_saved": saved}


def _perplexity_note(evaluation: Evaluation, corpus: Corpus) -> str:
    return (
        f"over all {evaluation.n_words} tokens, marks, blank lines and unknown words "
        f"({evaluation.unknown_share:.2%}) included; baseline counted on the same "
        f"{len(corpus.train)} tokens with the same {len(corpus.vocabulary)} words"
    )


def _baseline_guesses(
    model: KneserNey, contexts: Words, targets: Words, keyboard: Keyboard
) -> Guesses:
    near = contexts[:, max(0, contexts.shape[1] - model.order + 1) :]
    parts = []
    for start in range(0, len(targets), _ROWS):
        with np.errstate(divide="ignore"):  # what never follows has no chance: minus infinity
            scores = np.log(model.distributions(near[start : start + _ROWS]))
        parts.append(guesses_of(scores, targets[start : start + _ROWS], keyboard))
    return join(parts)


def _by_context(network: NgramNetwork, contexts: Words, targets: Words) -> dict[int, float]:
    lengths = [0, *(2**level for level in range(contexts.shape[1].bit_length()))]
    found = {}
    for length in lengths:
        cut = contexts.copy()
        cut[:, : contexts.shape[1] - length] = PADDING_ID
        found[length] = _perplexity(log_probabilities_after(network, cut, targets))
    return found


def _perplexity(log_probability: NDArray[np.float64]) -> float:
    return math.exp(-float(log_probability.mean()))
