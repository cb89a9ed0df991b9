import numpy as np
import pytest

from training.next_word.kneser_ney import KneserNey

TEXT = np.array([2, 3, 2, 3, 2, 4])
SIZE = 5


def test_a_bigram_model_is_what_one_computes_by_hand() -> None:
    # One word stands before each of 2, 3 and 4, so below the bigrams each has (1 - 0.5) / 3, and
    # half of the weight goes to the uniform distribution over 5 words. 2 is followed twice by 3
    # and once by 4: a discount of 0.5 each leaves 1/3 of the weight to the unigrams.
    seen_once = 0.5 / 3 + 0.5 / SIZE
    model = KneserNey.count(TEXT, vocabulary_size=SIZE, order=2)

    answer = model.probabilities(np.array([2, 3, 2, 4, 0]))

    expected = [
        seen_once,  # nothing before it
        1.5 / 3 + seen_once / 3,
        1.5 / 2 + 0.5 / 2 * seen_once,
        0.5 / 3 + seen_once / 3,
        0.5 / SIZE,  # after 4 nothing was ever seen: unigrams; 0 itself was never seen either
    ]
    np.testing.assert_allclose(answer, expected)


def test_each_of_the_three_discounts_is_taken() -> None:
    # Counts: 4 words once, 2 twice, 1 three times, 1 four times, 2 words never. So Y = 4 / 8,
    # D1 = 1 - 2 Y 2/4 = 0.5, D2 = 2 - 3 Y 1/2 = 1.25, D3+ = 3 - 4 Y 1/1 = 1.
    text = np.array([0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7])
    model = KneserNey.count(text, vocabulary_size=10, order=1)

    uniform = (4 * 0.5 + 2 * 1.25 + 2 * 1.0) / 15 / 10
    expected = np.array([0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 2, 3, 0, 0]) / 15 + uniform
    np.testing.assert_allclose(model.probabilities(np.arange(10)), expected)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_of_all_words_sum_to_one(order: int) -> None:
    text = np.random.default_rng(0).zipf(1.6, 3000) % 37
    model = KneserNey.count(text, vocabulary_size=41, order=order)
    contexts = np.random.default_rng(1).integers(0, 41, (50, order - 1))

    np.testing.assert_allclose(model.distributions(contexts).sum(axis=1), 1.0)


def test_running_text_and_whole_distributions_agree() -> None:
    text = np.random.default_rng(0).zipf(1.6, 2000) % 37
    model = KneserNey.count(text, vocabulary_size=37, order=4)
    unseen = np.random.default_rng(2).zipf(1.6, 200) % 37

    rows = np.lib.stride_tricks.sliding_window_view(unseen, 3)[:-1]
    whole = model.distributions(rows)[np.arange(len(rows)), unseen[3:]]

    np.testing.assert_allclose(model.probabilities(unseen)[3:], whole)


def test_orders_counted_together_equal_orders_counted_alone() -> None:
    text = np.random.default_rng(0).zipf(1.6, 2000) % 37
    together = KneserNey.count_all(text, vocabulary_size=37, order=3)

    for order, model in enumerate(together, start=1):
        alone = KneserNey.count(text, vocabulary_size=37, order=order)
        np.testing.assert_allclose(model.probabilities(text), alone.probabilities(text))


def test_too_few_words_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        KneserNey.count(np.array([1, 2]), vocabulary_size=4, order=3)
