"""What the export of a next-word model answers: likeliest words, scores, neighbours, a drawn word.

Axis letters: B batch, N words of context, V vocabulary, E embedding, P words of a query, M banned
words, K top_k.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.drawing import draw
from models.ngram import NgramNetwork

MAX_TOP_K = 100


class NextWords(nn.Module):
    """The likeliest next words with their probabilities in the softmax over all words.

    Words below ``first_word_id`` (padding, unknown, marks) keep their share of the probability
    but are never shown. ``score``, ``draw`` and ``neighbours`` are further methods of the export.

    Shape:
        contexts: (B, N) int64 word ids, right-aligned, padded on the left.
        returns: words (B, top_k) int64 and probabilities (B, top_k) float32, falling.
    """

    def __init__(self, network: NgramNetwork, *, first_word_id: int, top_k: int = MAX_TOP_K):
        super().__init__()
        self.network = network
        self.first_word_id = first_word_id
        self.excluded = -2.0  # in place of the cosine of a word of the query: below any
        n_shown = len(network.bias) - first_word_id
        if n_shown < 1:
            raise ValueError("no word is left to show")
        self.top_k = min(top_k, n_shown)

    def forward(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest words after each context."""
        scores = self.network(contexts)  # (B, V)
        shown = scores[:, self.first_word_id :]
        best, place = torch.topk(shown, self.top_k, dim=-1)  # (B, top_k)
        total = torch.logsumexp(scores, dim=-1, keepdim=True)
        return place + self.first_word_id, torch.exp(best - total)

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
        directions = functional.normalize(self.network.words(), dim=1)  # (V, E)
        summed = (directions[words] * weights.unsqueeze(2)).sum(dim=1)  # (B, E)
        cosines = functional.linear(functional.normalize(summed, dim=1), directions)  # (B, V)
        asked = torch.where(weights != 0, words, torch.zeros_like(words))
        others = cosines.scatter(1, asked, self.excluded)[:, self.first_word_id :]
        best, place = torch.topk(others, self.top_k, dim=-1)  # (B, top_k)
        return place + self.first_word_id, best

    def _log_probabilities(self, scores: Tensor, words: Tensor) -> Tensor:
        chosen = scores.gather(1, words.unsqueeze(1)).squeeze(1)
        return chosen - torch.logsumexp(scores, dim=-1)
