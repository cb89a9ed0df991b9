"""What the export of a next-word model answers: likeliest words, scores, neighbours, a drawn word.

Axis letters: B batch, N words of context, V vocabulary, E embedding, P words of a query, M banned
words, K top_k.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.drawing import draw
from models.likeliest import largest
from models.ngram import NgramNetwork
from models.tokenizer import PADDING_ID

MAX_TOP_K = 100
# What almost everybody asks for; ranking so few takes a third of the time of ranking a hundred.
N_LIKELIEST = 10


class NextWords(nn.Module):
    """The likeliest next words with their probabilities in the softmax over all words.

    Words below ``first_word_id`` (padding, unknown, marks) keep their share of the probability
    but are not shown by ``forward``. ``suggest``, ``score``, ``draw`` and ``neighbours`` are
    further methods of the export. ``ranks`` are the places of the words in the order in which
    ``suggest`` is told a range (``models.word_order``).

    Shape:
        contexts: (B, N) int64 word ids, right-aligned, padded on the left.
        ranks: (V,) int64.
        returns: words (B, n_likeliest) int64 and probabilities (B, n_likeliest) float32, falling.
    """

    ranks: Tensor

    def __init__(
        self,
        network: NgramNetwork,
        *,
        first_word_id: int,
        ranks: Tensor,
        top_k: int = MAX_TOP_K,
        n_likeliest: int = N_LIKELIEST,
    ) -> None:
        super().__init__()
        self.network = network
        self.first_word_id = first_word_id
        self.padding_id = PADDING_ID
        self.excluded = -2.0  # in place of the cosine of a word of the query: below any
        n_shown = len(network.bias) - first_word_id
        if n_shown < 1:
            raise ValueError("no word is left to show")
        self.top_k = min(top_k, n_shown)
        self.n_likeliest = min(n_likeliest, self.top_k)
        self.register_buffer("ranks", ranks)

    def forward(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest words after each context."""
        shares = torch.softmax(self.network(contexts), dim=-1)  # (B, V)
        best, place = largest(shares[:, self.first_word_id :], self.n_likeliest)
        return place + self.first_word_id, best

    def suggest(self, contexts: Tensor, lows: Tensor, highs: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest of some words: those with ranks from ``lows``, below ``highs``.

        So words that begin alike are asked for, or marks too. Where fewer are in the range than
        ``top_k``, padding with the probability 0 fills up.

        Shape:
            lows, highs: (B,) int64.
            returns: words (B, top_k) int64 and probabilities (B, top_k) float32, falling.
        """
        shares = torch.softmax(self.network(contexts), dim=-1)  # (B, V)
        outside = (self.ranks < lows.unsqueeze(1)) | (self.ranks >= highs.unsqueeze(1))
        best, words = torch.topk(shares.masked_fill(outside, -1.0), self.top_k, dim=-1)
        return words.masked_fill(best < 0, self.padding_id), best.clamp(min=0.0)

    def score(self, contexts: Tensor, targets: Tensor) -> Tensor:
        """Natural logarithm of the probability of the word that came.

        Shape:
            targets: (B,) int64, any id.
            returns: (B,) float32.
        """
        return self._log_probabilities(self.network(contexts), targets)

    def draw(
        self,
        contexts: Tensor,
        banned: Tensor,
        temperatures: Tensor,
        top_ks: Tensor,
        top_ps: Tensor,
        uniforms: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Draw the next word of each context from all words and marks but the banned ones.

        Shape:
            banned: (B, M) int64; fill up with padding, which is never drawn.
            temperatures, top_ks, top_ps, uniforms: (B,), as ``models.drawing.draw`` takes them.
            returns: words (B,) int64, and the logarithms of their probabilities (B,) float32 as
                ``score`` gives them: before anything was banned, heated or cut off.
        """
        scores = self.network(contexts)  # (B, V)
        allowed = scores.scatter(1, banned, float("-inf"))
        words = draw(allowed, self.top_k, temperatures, top_ks, top_ps, uniforms)
        return words, self._log_probabilities(scores, words)

    def neighbours(self, words: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The shown words whose vectors point most nearly where a weighted sum of vectors does.

        Every vector is taken at length 1 first. The words of the query itself are left out; where
        too few others are there, they come last with the similarity ``excluded``.

        Shape:
            words: (B, P) int64, filled up with padding.
            weights: (B, P) float32, 0 for what is filled up.
            returns: words (B, top_k) int64 and cosines (B, top_k) float32, falling.

        Source: Mikolov et al. 2013, Linguistic regularities in continuous space word
        representations (weighted sums as analogies).
        """
        directions = functional.normalize(self.network.words.rows(words), dim=2)  # (B, P, E)
        summed = (directions * weights.unsqueeze(2)).sum(dim=1)  # (B, E)
        vectors = self.network.words.columns().t()  # (V, E)
        lengths = vectors.norm(2, dim=1).clamp(min=1e-12)  # (V,)
        cosines = functional.linear(functional.normalize(summed, dim=1), vectors) / lengths
        asked = torch.where(weights != 0, words, torch.zeros_like(words))
        others = cosines.scatter(1, asked, self.excluded)[:, self.first_word_id :]
        best, place = torch.topk(others, self.top_k, dim=-1)  # (B, top_k)
        return place + self.first_word_id, best

    def _log_probabilities(self, scores: Tensor, words: Tensor) -> Tensor:
        return torch.log_softmax(scores, dim=-1).gather(1, words.unsqueeze(1)).squeeze(1)
