"""What the export of a next-word model answers: the likeliest words, best first."""

import torch
from torch import Tensor, nn

from models.ngram import NgramNetwork

MAX_TOP_K = 100


class NextWords(nn.Module):
    """The likeliest next words with their probabilities in the softmax over all words.

    Words below ``first_word_id`` (padding, unknown, marks) keep their share of the probability
    but are never shown.

    Shape:
        contexts: (B, N) int64 word ids, right-aligned, padded on the left.
        returns: words (B, top_k) int64 and probabilities (B, top_k) float32, falling.
    """

    def __init__(self, network: NgramNetwork, *, first_word_id: int, top_k: int = MAX_TOP_K):
        super().__init__()
        self.network = network
        self.first_word_id = first_word_id
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
