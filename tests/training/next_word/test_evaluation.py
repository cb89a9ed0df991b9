import numpy as np
import pytest

from models.ngram import NgramNetwork, NgramSizes
from models.tokenizer import PADDING, UNKNOWN, Vocabulary
from training.next_word.corpus import Corpus
from training.next_word.evaluation import (
    contexts_of,
    evaluate,
    hit_rates,
    metrics_of,
    sample_positions,
)
from training.next_word.kneser_ney import KneserNey
from training.next_word.scoring import Guesses, log_probabilities

VOCABULARY = Vocabulary([PADDING, UNKNOWN, ",", *(f"w{n}" for n in range(3, 17))])
TEXT = np.random.default_rng(0).zipf(1.5, 900) % 15 + 1
CORPUS = Corpus(
    VOCABULARY,
    TEXT[:600],
    TEXT[600:700],
    TEXT[700:],
    "unseen",
    (),
    also={"other": TEXT[600:640]},
    letters={"unseen": np.full(200, 3), "other": np.full(40, 3)},
)
NETWORK = NgramNetwork(
    NgramSizes(
        vocabulary_size=len(VOCABULARY),
        context_length=4,
        embedding_size=6,
        hidden_size=5,
        gate_size=7,
        n_layers=0,
    )
).eval()


def test_positions_are_spread_over_the_text() -> None:
    assert sample_positions(5, most=10).tolist() == [0, 1, 2, 3, 4]
    assert sample_positions(101, most=3).tolist() == [0, 50, 100]


def test_contexts_hold_the_words_before() -> None:
    contexts = contexts_of(np.array([5, 6, 7, 8]), np.array([0, 1, 3]), 2)

    assert contexts.tolist() == [[0, 0], [0, 5], [6, 7]]


def test_unknown_words_are_misses_and_marks_count_for_tokens_only() -> None:
    targets = np.array([5, 1, 2, 6])  # a word, unknown, a mark, a word
    guesses = Guesses(
        log_probability=np.zeros(4),
        rank=np.array([0, 0, 2, 4]),
        shown_rank=np.array([0, 0, 0, 2]),
        confidence=np.ones(4),
        typed=np.zeros(4, dtype=np.int64),
    )

    rates = hit_rates(guesses, targets, first_word_id=3)

    assert rates == pytest.approx(
        {
            "word_top_1": 1 / 3,
            "word_top_3": 2 / 3,
            "word_top_5": 2 / 3,
            "token_top_1": 2 / 4,
            "token_top_3": 3 / 4,
            "token_top_5": 4 / 4,
        }
    )


def test_network_and_baseline_are_measured_on_the_same_words() -> None:
    baselines = KneserNey.count_all(CORPUS.train, vocabulary_size=len(VOCABULARY), order=3)

    found, other = evaluate(NETWORK, baselines, CORPUS)

    expected = np.exp(-np.log(baselines[-1].probabilities(CORPUS.evaluation)).mean())
    assert found.baseline_perplexity == pytest.approx(expected)
    assert found.by_context[4] == pytest.approx(found.perplexity, rel=1e-4)
    assert found.baseline_by_context[2] == pytest.approx(expected)
    assert sorted(found.by_context) == [0, 1, 2, 4]
    assert found.unknown_share == pytest.approx((CORPUS.evaluation == 1).mean())
    # Here all positions are sampled, so the baseline's guesses repeat its perplexity.
    guessed = np.exp(-found.baseline.log_probability[3:].mean())
    assert guessed == pytest.approx(expected, rel=0.05)
    assert (found.name, found.n_words, other.name, other.n_words) == ("unseen", 200, "other", 40)
    along = log_probabilities(NETWORK, CORPUS.also["other"])
    assert other.perplexity == pytest.approx(np.exp(-along.mean()))


def test_each_figure_stands_next_to_the_baselines() -> None:
    baselines = KneserNey.count_all(CORPUS.train, vocabulary_size=len(VOCABULARY), order=3)
    evaluation, other = evaluate(NETWORK, baselines, CORPUS)

    metrics = {metric.name: metric for metric in metrics_of(evaluation, CORPUS, 3)}

    perplexity = metrics["perplexity"]
    assert perplexity.baselines.keys() == {"modified Kneser-Ney 3-gram"}
    assert perplexity.value == pytest.approx(evaluation.perplexity, rel=1e-4)
    ratio = metrics["perplexity_relative_to_kneser_ney"].value
    assert ratio == pytest.approx(evaluation.perplexity / evaluation.baseline_perplexity)
    assert {"word_top_1", "word_top_5", "token_top_3", "keystrokes_saved"} <= metrics.keys()
    assert {metric.data for metric in metrics.values()} == {"unseen"}
    assert {metric.data for metric in metrics_of(other, CORPUS, 3)} == {"other"}
