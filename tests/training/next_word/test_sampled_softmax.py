import torch

from models.ngram import NgramNetwork, NgramSizes
from training.next_word.sampled_softmax import SampledSoftmax

V, E = 50, 6
NETWORK = NgramNetwork(
    NgramSizes(
        vocabulary_size=V,
        context_length=2,
        embedding_size=E,
        hidden_size=5,
        gate_size=4,
        n_layers=0,
    )
)
COUNTS = torch.arange(V, 0, -1) * 10


def test_with_all_words_it_is_the_full_softmax() -> None:
    hidden, targets = torch.randn(9, E), torch.randint(0, V, (9,))
    full = torch.nn.functional.cross_entropy(NETWORK.scores(hidden), targets)

    for n_sampled in (0, V - 10):
        softmax = SampledSoftmax(COUNTS, n_frequent=10, n_sampled=n_sampled, n_targets=9)
        assert softmax.is_full
        torch.testing.assert_close(softmax.loss(NETWORK, hidden, targets), full)


def test_it_learns_the_shares_of_all_words() -> None:
    """Without a context the scores must end at the logarithm of the frequencies."""
    generator = torch.Generator().manual_seed(0)
    share = COUNTS / COUNTS.sum()
    softmax = SampledSoftmax(COUNTS, n_frequent=5, n_sampled=10, n_targets=64)
    network = NgramNetwork(
        NgramSizes(
            vocabulary_size=V,
            context_length=1,
            embedding_size=2,
            hidden_size=2,
            gate_size=2,
            n_layers=0,
        )
    )
    optimizer = torch.optim.Adam([network.bias], lr=0.03)
    total = torch.zeros(V)
    for step in range(1500):
        targets = torch.multinomial(share, 64, replacement=True, generator=generator)
        loss = softmax.loss(network, torch.zeros(64, 2), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step >= 750:
            total += network.bias.detach().softmax(0)

    learned = total / 750
    assert float((learned - share).abs().sum()) < 0.06
    torch.testing.assert_close(learned[5:].sum(), share[5:].sum(), atol=0.02, rtol=0.0)
