import numpy as np
import torch

from models.ngram import NgramNetwork, NgramSizes
from models.tokenizer import PADDING, UNKNOWN, Vocabulary
from training.next_word.keystrokes import Keyboard
from training.next_word.scoring import (
    guesses_after,
    guesses_of,
    log_probabilities,
    log_probabilities_after,
)

V, N = 13, 4
WORDS = [PADDING, UNKNOWN, *(f"{first}{second}" for first in "abc" for second in "xyz"), "a", "ab"]
KEYBOARD = Keyboard(Vocabulary(WORDS))
NETWORK = NgramNetwork(
    NgramSizes(
        vocabulary_size=V,
        context_length=N,
        embedding_size=6,
        hidden_size=5,
        gate_size=7,
        n_layers=0,
    )
).eval()


def test_a_running_text_scores_like_its_contexts_one_by_one() -> None:
    words = np.random.default_rng(0).integers(2, V, 1100)  # longer than two pieces
    stream = np.concatenate([np.zeros(N, dtype=np.int64), words])
    contexts = np.lib.stride_tricks.sliding_window_view(stream, N)[:-1].copy()

    along = log_probabilities(NETWORK, words)
    alone = guesses_after(NETWORK, contexts, words, KEYBOARD)

    np.testing.assert_allclose(along, alone.log_probability, atol=1e-5)
    same = log_probabilities_after(NETWORK, contexts, words)
    np.testing.assert_allclose(same, alone.log_probability, atol=1e-5)


def test_half_precision_scores_almost_alike() -> None:
    words = np.random.default_rng(0).integers(2, V, 50)

    exact, half = log_probabilities(NETWORK, words), log_probabilities(NETWORK, words, half=True)

    assert not np.array_equal(exact, half)
    np.testing.assert_allclose(exact, half, atol=0.1)


def test_ranks_count_the_words_held_for_likelier() -> None:
    shares = np.array([[0.4, 0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4]])

    keyboard = Keyboard(Vocabulary([PADDING, UNKNOWN, "a", "b"]))
    guesses = guesses_of(np.log(shares), np.array([2, 3]), keyboard)

    assert guesses.rank.tolist() == [2, 0]
    assert guesses.shown_rank.tolist() == [1, 0]  # word 0 is not shown
    assert guesses.typed.tolist() == [0, 0]
    np.testing.assert_allclose(np.exp(guesses.log_probability), [0.2, 0.4])
    np.testing.assert_allclose(guesses.confidence, [0.4, 0.4])


def test_scoring_leaves_no_gradients() -> None:
    log_probabilities(NETWORK, np.array([2, 3]))

    assert all(parameter.grad is None for parameter in NETWORK.parameters())
    assert torch.is_grad_enabled()
