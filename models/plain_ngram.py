"""The n-gram network at its plainest: word vectors side by side, one hidden layer, softmax.

Axis letters as in ``models.ngram``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.ngram import WordTable


class PlainNgram(nn.Module):
    """Scores of every word as the next one, from exactly ``context_length`` words.

    Shape:
        contexts: (B, N) int64 word ids; returns: (B, V) float32 scores before the softmax.

    Source: Bengio et al. 2003, A neural probabilistic language model.
    """

    def __init__(
        self, vocabulary_size: int, *, context_length: int, embedding_size: int, hidden_size: int
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.words = WordTable(vocabulary_size, embedding_size)
        nn.init.normal_(self.words.weight)
        self.enter = nn.Linear(context_length * embedding_size, hidden_size)
        leave = nn.Linear(hidden_size, vocabulary_size)
        self.output, self.bias = leave.weight, leave.bias

    def forward(self, contexts: Tensor) -> Tensor:
        """Scores of the word after each context."""
        vectors = self.words.rows(contexts).flatten(1)  # (B, N * E)
        hidden = torch.relu(self.enter(vectors))
        return functional.linear(hidden, self.output, self.bias)
