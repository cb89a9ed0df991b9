import pytest
import torch

from models.compact import compact
from models.next_words import NextWords
from models.ngram import NgramNetwork, NgramSizes

# Sizes differ pairwise, so a swapped or dropped axis cannot pass unseen.
V, N, E, H, G, B, T = 23, 8, 6, 10, 7, 3, 5
SIZES = NgramSizes(
    vocabulary_size=V, context_length=N, embedding_size=E, hidden_size=H, gate_size=G, n_layers=1
)


def network_of(**changes: object) -> NgramNetwork:
    return NgramNetwork(NgramSizes(**{**vars(SIZES), **changes})).eval()


@pytest.mark.parametrize("context_length", [1, 2, 8])
@pytest.mark.parametrize("hidden_size", [E, H], ids=["same-size", "other-size"])
def test_a_window_scores_alike_alone_and_in_running_text(
    context_length: int, hidden_size: int
) -> None:
    network = network_of(context_length=context_length, hidden_size=hidden_size)
    words = torch.randint(0, V, (B, context_length - 1 + T))

    along = network.scores(network.hidden(words))
    windows = [network(words[:, t : t + context_length]) for t in range(T)]

    assert along.shape == (B, T, V)
    torch.testing.assert_close(along, torch.stack(windows, dim=1))


def test_a_context_scores_alike_alone_and_in_a_batch() -> None:
    network = network_of()
    contexts = torch.randint(0, V, (B, N))

    alone = torch.cat([network(row.unsqueeze(0)) for row in contexts])

    torch.testing.assert_close(network(contexts), alone)


def test_every_word_of_the_context_counts() -> None:
    network = network_of()
    context = torch.randint(1, V, (1, N))

    for position in range(N):
        changed = context.clone()
        changed[0, position] = 0
        assert not torch.allclose(network(context), network(changed))


def test_tied_tables_are_one_and_untied_are_two() -> None:
    tied, untied = network_of(), network_of(tied=False)
    more = sum(p.numel() for p in untied.parameters()) - sum(p.numel() for p in tied.parameters())

    assert tied.output is tied.words
    assert more == V * E


def test_without_learning_the_biases_follow_the_frequencies() -> None:
    network = network_of()
    counts = torch.arange(V) * 1000.0

    network.start_from_frequencies(counts)

    torch.testing.assert_close(network.bias.softmax(0), counts / counts.sum(), atol=1e-4, rtol=0.0)


def test_a_context_length_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="power of two"):
        network_of(context_length=6)


def test_dropout_acts_in_training_only() -> None:
    network = network_of(dropout=0.5)
    words = torch.randint(0, V, (1, N))

    torch.testing.assert_close(network.hidden(words), network.hidden(words))
    network.train()
    assert not torch.allclose(network.hidden(words), network.hidden(words))


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_a_compact_network_scores_almost_alike(tied: bool) -> None:
    network = network_of(tied=tied)
    contexts = torch.randint(0, V, (B, N))
    smaller = compact(network)

    torch.testing.assert_close(smaller(contexts), network(contexts), atol=0.05, rtol=0.0)
    assert (smaller.output is smaller.words) == tied
    large = [b for b in smaller.state_dict().values() if b.dim() == 2 and b.shape[1] > 1]
    assert {tensor.dtype for tensor in large} == {torch.int8}


def test_compacting_leaves_the_network_as_it_was() -> None:
    network = network_of()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    compact(network)

    assert all(p.requires_grad for p in network.parameters())
    torch.testing.assert_close(dict(network.state_dict()), before)


def test_the_likeliest_words_come_first_with_their_share_of_all_words() -> None:
    network = network_of()
    first, top_k = 4, 9
    contexts = torch.randint(0, V, (B, N))

    words, probabilities = NextWords(
        network, first_word_id=first, ranks=torch.arange(V), n_likeliest=top_k
    )(contexts)

    shares = network(contexts).softmax(-1)
    expected = shares[:, first:].sort(descending=True).values[:, :top_k]
    assert words.shape == (B, top_k)
    assert words.dtype == torch.int64
    torch.testing.assert_close(probabilities, expected)
    torch.testing.assert_close(shares.gather(1, words), expected)
    assert int(words.min()) >= first


def test_a_small_vocabulary_gives_all_its_words() -> None:
    words, _ = NextWords(network_of(), first_word_id=20, ranks=torch.arange(V))(
        torch.zeros(1, N, dtype=torch.int64)
    )

    assert sorted(words[0].tolist()) == [20, 21, 22]


def test_a_vocabulary_of_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no word"):
        NextWords(network_of(), first_word_id=V, ranks=torch.arange(V))
