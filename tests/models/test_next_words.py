"""What a next-word export can do besides naming the likeliest words."""

import numpy as np
import pytest
import torch
from torch import Tensor

from models.next_words import NextWords
from models.ngram import NgramNetwork, NgramSizes

# Sizes differ pairwise, so a swapped or dropped axis cannot pass unseen.
V, N, E, H, G, B, P, M, K = 23, 8, 6, 10, 7, 3, 5, 4, 9
FIRST = 2
SIZES = NgramSizes(
    vocabulary_size=V, context_length=N, embedding_size=E, hidden_size=H, gate_size=G, n_layers=1
)
RANKS = torch.arange(V - 1, -1, -1)  # the last word comes first


@pytest.fixture
def words() -> NextWords:
    torch.manual_seed(3)
    network = NgramNetwork(SIZES).eval().requires_grad_(False)
    return NextWords(network, first_word_id=FIRST, ranks=RANKS, top_k=K)


@pytest.fixture
def contexts() -> Tensor:
    return torch.randint(0, V, (B, N), generator=torch.Generator().manual_seed(4))


def settings(
    temperature: float, top_k: int = 0, top_p: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.full((B,), temperature), torch.full((B,), top_k), torch.full((B,), top_p)


def test_a_score_is_the_logarithm_of_the_probability_of_the_word_that_came(
    words: NextWords, contexts: Tensor
) -> None:
    targets = torch.tensor([0, 1, 22])

    scored = words.score(contexts, targets)

    shares = words.network(contexts).softmax(-1)
    assert scored.shape == (B,)
    torch.testing.assert_close(scored.exp(), shares[torch.arange(B), targets])


def test_the_likeliest_word_is_drawn_at_temperature_0_with_its_probability(
    words: NextWords, contexts: Tensor
) -> None:
    shares = words.network(contexts).softmax(-1)
    nothing = torch.zeros(B, M, dtype=torch.int64)

    drawn, log_probabilities = words.draw(
        contexts, nothing, *settings(0.0), uniforms=torch.zeros(B)
    )

    assert drawn.tolist() == shares[:, 1:].argmax(dim=1).add(1).tolist()  # but padding
    torch.testing.assert_close(log_probabilities.exp(), shares[torch.arange(B), drawn])


def test_banned_words_are_not_drawn_and_each_row_has_its_own(
    words: NextWords, contexts: Tensor
) -> None:
    order = words.network(contexts)[:, 1:].argsort(descending=True) + 1
    banned = torch.zeros(B, M, dtype=torch.int64)
    banned[1, :2], banned[2, :4] = order[1, :2], order[2, :4]

    drawn, _ = words.draw(contexts, banned, *settings(0.0), uniforms=torch.zeros(B))

    assert drawn.tolist() == [order[0, 0], order[1, 2], order[2, 4]]


def test_marks_are_drawn_too(words: NextWords, contexts: Tensor) -> None:
    words.first_word_id = V - 1
    nothing = torch.zeros(B, M, dtype=torch.int64)

    drawn, _ = words.draw(contexts, nothing, *settings(1.0), uniforms=torch.full((B,), 0.5))

    assert int(drawn.max()) < V - 1


def cosines_of(words: NextWords, query: np.ndarray) -> np.ndarray:
    table = words.network.words().numpy()
    directions = table / np.linalg.norm(table, axis=1, keepdims=True)
    mixed = query @ directions
    return np.asarray(directions @ (mixed / np.linalg.norm(mixed)))


def test_neighbours_of_a_word_are_those_with_the_highest_cosine(words: NextWords) -> None:
    query, weights = torch.zeros(B, P, dtype=torch.int64), torch.zeros(B, P)
    query[:, 0], weights[:, 0] = torch.tensor([5, 11, 22]), 1.0

    found, cosines = words.neighbours(query, weights)

    assert found.shape == cosines.shape == (B, K)
    for row, word in enumerate((5, 11, 22)):
        expected = cosines_of(words, np.eye(V)[word])
        order = [at for at in np.argsort(-expected) if at >= FIRST and at != word][:K]
        assert found[row].tolist() == order
        np.testing.assert_allclose(cosines[row], expected[order], atol=1e-6)


def test_an_analogy_adds_and_takes_away_vectors_of_length_1(words: NextWords) -> None:
    query, weights = torch.tensor([[5, 7, 9, 0, 0]]), torch.tensor([[1.0, 1.0, -1.0, 0.0, 0.0]])

    found, cosines = words.neighbours(query, weights)

    expected = cosines_of(words, np.eye(V)[5] + np.eye(V)[7] - np.eye(V)[9])
    order = [at for at in np.argsort(-expected) if at >= FIRST and at not in (5, 7, 9)][:K]
    assert found[0].tolist() == order
    np.testing.assert_allclose(cosines[0], expected[order], atol=1e-6)


def test_where_only_words_of_the_query_are_left_they_come_last_below_any_cosine() -> None:
    few = NextWords(NgramNetwork(SIZES).eval(), first_word_id=20, ranks=RANKS)

    found, cosines = few.neighbours(torch.tensor([[21]]), torch.tensor([[1.0]]))

    assert sorted(found[0].tolist()) == [20, 21, 22]
    assert found[0, -1] == 21
    assert float(cosines[0, -1].detach()) == -2.0


def test_a_zero_weight_is_no_word(words: NextWords) -> None:
    one, _ = words.neighbours(torch.tensor([[5, 7]]), torch.tensor([[1.0, 0.0]]))
    other, _ = words.neighbours(torch.tensor([[5]]), torch.tensor([[1.0]]))

    assert one.tolist() == other.tolist()


def test_only_words_of_the_range_are_suggested_with_their_probability_among_all(
    words: NextWords, contexts: Tensor
) -> None:
    shares = words.network(contexts).softmax(-1)
    lows, highs = torch.tensor([0, 3, 20]), torch.tensor([V, 6, 20])

    found, probabilities = words.suggest(contexts, lows, highs)

    assert found.shape == probabilities.shape == (B, K)
    assert found[0].tolist() == shares[0].argsort(descending=True)[:K].tolist()
    in_range = sorted((17, 18, 19), key=lambda word: -float(shares[1, word]))  # ranks 5, 4, 3
    assert found[1].tolist() == in_range + [0] * (K - 3)
    torch.testing.assert_close(probabilities[1, :3], shares[1, found[1, :3]])
    assert probabilities[1, 3:].tolist() == [0.0] * (K - 3)
    assert found[2].tolist() == [0] * K


def test_suggestions_do_not_depend_on_the_batch(words: NextWords, contexts: Tensor) -> None:
    lows, highs = torch.tensor([0, 3, 9]), torch.tensor([V, 6, 21])

    together = words.suggest(contexts, lows, highs)

    for row in range(B):
        one = slice(row, row + 1)
        alone = words.suggest(contexts[one], lows[one], highs[one])
        assert alone[0].tolist() == together[0][one].tolist()
        torch.testing.assert_close(alone[1], together[1][one], atol=1e-6, rtol=0)
