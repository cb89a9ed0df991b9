"""What an adapted next-word network has to beat, on the same words of the user's text.

Each word costs what its reader makes of it; one that is unknown to a reader costs its spelling as
well, the same for all, so that a small vocabulary is no advantage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.tokenizer import Vocabulary
from training.fine_tuning.recommendation import Recommendation, recommend
from training.next_word.evaluation import (
    MOST_POSITIONS,
    contexts_of,
    hit_rates,
    sample_positions,
)
from training.next_word.keystrokes import Keyboard
from training.next_word.kneser_ney import KneserNey
from training.next_word.parent_network import Reader
from training.next_word.scoring import guesses_after, log_probabilities
from training.next_word.spelling import Spelling, per_word

ADAPTED, SCRATCH, COUNTED = "adapted", "trained from scratch", "Kneser-Ney, own text"
ITEM_WORDS = 100  # of a passage: words next to each other are not independent
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """How everybody does on the judged words; ``old`` is the parent's kind of text, if at hand."""

    perplexities: Mapping[str, float]
    hits: Mapping[str, float]
    unknown: Mapping[str, float]
    old: Mapping[str, float]
    recommendation: Recommendation
    n_words: int


@dataclass(frozen=True)
class Judged:
    """The words to judge on: the user's, and some of the parent's kind."""

    own: Sequence[str]
    old: Sequence[str]
    spelling: Spelling


def compare(
    readers: Mapping[str, Reader],
    counted: tuple[KneserNey, Vocabulary],
    judged: Judged,
    parent: str,
) -> Comparison:
    """Score every reader and the counts, word by word, and judge passage by passage."""
    scored = {name: score(reader, judged.own, judged.spelling) for name, reader in readers.items()}
    scored[COUNTED] = _score_counts(*counted, judged)
    vocabularies = {name: reader.vocabulary for name, reader in readers.items()}
    vocabularies[COUNTED] = counted[1]
    errors = {name: passages(-values) for name, values in scored.items()}
    return Comparison(
        perplexities={name: float(np.exp(-values.mean())) for name, values in scored.items()},
        hits={name: _hits(reader, judged.own) for name, reader in readers.items()},
        unknown={name: _unknown(own, judged.own) for name, own in vocabularies.items()},
        old=_old(readers, judged, (ADAPTED, parent)),
        recommendation=recommend(errors, adapted=ADAPTED, default=parent),
        n_words=len(judged.own),
    )


def score(reader: Reader, words: Sequence[str], spelling: Spelling) -> Floats:
    """Log-probability of each word, spelling included where it is unknown."""
    ids = np.array(reader.vocabulary.ids(words), np.int64)
    return per_word(log_probabilities(reader.network, ids), words, reader.vocabulary, spelling)


def passages(errors: Floats) -> Floats:
    """Mean error of each run of ``ITEM_WORDS`` words; a short rest joins the last."""
    n_items = max(1, len(errors) // ITEM_WORDS)
    return np.array([part.mean() for part in np.array_split(errors, n_items)])


def _score_counts(model: KneserNey, vocabulary: Vocabulary, judged: Judged) -> Floats:
    ids = np.array(vocabulary.ids(judged.own), np.int64)
    scored = np.log(model.probabilities(ids))
    return per_word(scored, judged.own, vocabulary, judged.spelling)


def _hits(reader: Reader, words: Sequence[str]) -> float:
    """Share of words among the three likeliest, an unknown one being a miss."""
    ids = np.array(reader.vocabulary.ids(words), np.int64)
    at = sample_positions(len(ids), most=MOST_POSITIONS)
    contexts = contexts_of(ids, at, reader.network.context_length)
    first = reader.vocabulary.first_word_id
    guesses = guesses_after(reader.network, contexts, ids[at], Keyboard(reader.vocabulary))
    return hit_rates(guesses, ids[at], first)["word_top_3"]


def _unknown(vocabulary: Vocabulary, words: Sequence[str]) -> float:
    known = set(vocabulary.words)
    return sum(word not in known for word in words) / len(words)


def _old(readers: Mapping[str, Reader], judged: Judged, names: tuple[str, str]) -> dict[str, float]:
    if not judged.old:
        return {}
    scored = {name: score(readers[name], judged.old, judged.spelling) for name in names}
    return {name: float(np.exp(-values.mean())) for name, values in scored.items()}
