"""The n-gram network: word vectors of the last words -> hidden layers -> softmax.

Axis letters: B batch, N words of context, T words of running text, E embedding, H hidden units,
V vocabulary.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class NgramSizes:
    """Everything that fixes the shape of a network."""

    vocabulary_size: int
    context_length: int
    embedding_size: int
    hidden_size: int
    gate_size: int
    n_layers: int
    tied: bool = True
    dropout: float = 0.0


class WordTable(nn.Module):
    """A vector a word; called, it gives the whole table, so that a compact one can stand in."""

    def __init__(self, vocabulary_size: int, embedding_size: int) -> None:
        super().__init__()
        start = torch.randn(vocabulary_size, embedding_size)
        self.weight = nn.Parameter(start / math.sqrt(embedding_size))

    def forward(self) -> Tensor:
        """The table: (V, E)."""
        return self.weight

    def rows(self, words: Tensor) -> Tensor:
        """The vectors of some words: (...) -> (..., E)."""
        return functional.embedding(words, self.weight)

    def columns(self) -> Tensor:
        """The table on its side, as scores are computed with: (E, V)."""
        return self.weight.t()

    def scores(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """The product of each row with each word's vector, and ``bias``: (..., E) -> (..., V)."""
        return functional.linear(hidden, self.weight, bias)


class GatedLayer(nn.Module):
    """A residual layer that looks at each position and at the one ``reach`` words earlier.

    With ``reach`` 0 it looks at the position alone. The answer is ``reach`` positions shorter.

    Source: Dauphin et al. 2017, arXiv:1612.08083; Shazeer 2020, arXiv:2002.05202.
    """

    def __init__(self, hidden_size: int, gate_size: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.reach = reach
        self.norm = nn.LayerNorm(hidden_size)
        self.expand = nn.Linear(hidden_size * (2 if reach else 1), 2 * gate_size)
        self.contract = nn.Linear(gate_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, only_last: bool = False) -> Tensor:
        """Every position of a running text: (B, T + reach, H) -> (B, T, H).

        With ``only_last`` those that the last position of one window needs: (B, N, H) -> (B, N / 2,
        H), neighbours being joined.
        """
        seen = self.norm(hidden)
        if self.reach == 0:
            return hidden + self._change(seen)
        if only_last:
            pairs = seen.reshape(seen.size(0), seen.size(1) // 2, 2 * seen.size(2))
            return hidden[:, 1::2] + self._change(pairs)
        pairs = torch.cat([seen[:, : -self.reach], seen[:, self.reach :]], dim=-1)
        return hidden[:, self.reach :] + self._change(pairs)

    def _change(self, seen: Tensor) -> Tensor:
        value, gate = self.expand(seen).chunk(2, dim=-1)
        change: Tensor = self.dropout(self.contract(value * functional.silu(gate)))
        return change


class NgramNetwork(nn.Module):
    """Scores of every word as the next one, from the last ``context_length`` words only.

    Each of the first hidden layers joins a position with an earlier one, twice as far each time,
    until the last position has seen the whole context: neighbours, then pairs, then fours. So
    the windows of a running text share the layers below, which makes training cheap.

    Shape:
        contexts: (B, N) int64 word ids, right-aligned, padded on the left.
        returns: (B, V) float32 scores before the softmax.

    Raises:
        ValueError: if ``context_length`` is no power of two.

    Source: Bengio et al. 2003, A neural probabilistic language model; tied tables: Press & Wolf
    2017, arXiv:1608.05859.
    """

    def __init__(self, sizes: NgramSizes) -> None:
        super().__init__()
        n_joining = sizes.context_length.bit_length() - 1
        if sizes.context_length != 2**n_joining:
            raise ValueError(f"context_length must be a power of two, got {sizes.context_length}")
        self.context_length = sizes.context_length
        self.scale = math.sqrt(sizes.embedding_size)
        self.words = WordTable(sizes.vocabulary_size, sizes.embedding_size)
        same = sizes.embedding_size == sizes.hidden_size
        self.enter = nn.Identity() if same else nn.Linear(sizes.embedding_size, sizes.hidden_size)
        reaches = [2**level for level in range(n_joining)] + [0] * sizes.n_layers
        self.layers = nn.ModuleList(
            GatedLayer(sizes.hidden_size, sizes.gate_size, reach, sizes.dropout)
            for reach in reaches
        )
        self.norm = nn.LayerNorm(sizes.hidden_size)
        self.leave = nn.Linear(sizes.hidden_size, sizes.embedding_size)
        self.dropout = nn.Dropout(sizes.dropout)
        self.output = (
            self.words if sizes.tied else WordTable(sizes.vocabulary_size, sizes.embedding_size)
        )
        self.bias = nn.Parameter(torch.zeros(sizes.vocabulary_size))

    def forward(self, contexts: Tensor) -> Tensor:
        """Scores of the word after each context."""
        hidden = self._vectors(contexts)  # (B, N, H)
        for layer in self.layers:
            hidden = layer(hidden, only_last=True)
        return self.scores(self._leave(hidden[:, -1]))

    def hidden(self, words: Tensor) -> Tensor:
        """What is compared with each word's vector, for every window of N words.

        Shape:
            words: (B, N - 1 + T) int64.
            returns: (B, T, E).
        """
        hidden = self._vectors(words)  # (B, N - 1 + T, H)
        for layer in self.layers:
            hidden = layer(hidden)
        return self._leave(hidden)  # (B, T, E)

    def scores(self, hidden: Tensor) -> Tensor:
        """Scores of all words: (..., E) -> (..., V)."""
        return self.output.scores(hidden, self.bias)

    def _vectors(self, words: Tensor) -> Tensor:
        vectors = self.words.rows(words) * self.scale
        entered: Tensor = self.enter(self.dropout(vectors))
        return entered

    def _leave(self, hidden: Tensor) -> Tensor:
        left: Tensor = self.leave(self.dropout(self.norm(hidden)))
        return left

    def output_rows(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Output vectors and biases of some words."""
        return self.output.rows(words), self.bias[words]

    def start_from_frequencies(self, counts: Tensor) -> None:
        """Begin with the words' frequencies, the best guess without a context."""
        smoothed = counts.double() + 0.1
        with torch.no_grad():
            self.bias.copy_((smoothed / smoothed.sum()).log())
