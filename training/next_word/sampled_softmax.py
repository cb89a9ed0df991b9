"""Softmax over a part of the vocabulary, corrected so that it learns the whole one."""

import torch
from torch import Tensor
from torch.nn import functional

from models.ngram import NgramNetwork


class SampledSoftmax:
    """Cross-entropy over frequent words, the targets of the batch, and a few drawn words.

    Each word's score is lowered by the logarithm of its chance to be among the candidates, which
    makes the loss smallest where the full softmax is right.

    Source: Bengio & Senecal 2008, Adaptive importance sampling to accelerate training of a neural
    probabilistic language model; Jean et al. 2015, arXiv:1412.2007.
    """

    def __init__(self, counts: Tensor, *, n_frequent: int, n_sampled: int, n_targets: int) -> None:
        self.n_words = len(counts)
        self.n_frequent = min(n_frequent, self.n_words)
        self.n_rare = self.n_words - self.n_frequent
        self.n_sampled = min(n_sampled, self.n_rare)
        share = counts.double() / counts.sum()
        drawn = self.n_sampled / max(1, self.n_rare)
        chance = 1 - torch.exp(-share * n_targets) * (1 - drawn)
        chance[: self.n_frequent] = 1.0
        self._log_chance = chance.clamp_min(1e-12).log().float()

    @property
    def is_full(self) -> bool:
        """Whether every word is always a candidate."""
        return self.n_sampled in (0, self.n_rare)

    def loss(self, network: NgramNetwork, hidden: Tensor, targets: Tensor) -> Tensor:
        """Mean over the targets.

        Shape:
            hidden: (B, E), what the network compares with each word's vector.
            targets: (B,) int64.
        """
        if self.is_full:
            return functional.cross_entropy(network.scores(hidden), targets)
        candidates, place = self._candidates(targets)
        weight, bias = network.output_rows(candidates)
        lowered = bias - self._log_chance.to(bias.device)[candidates]
        scores = functional.linear(hidden, weight, lowered)  # (B, candidate)
        return functional.cross_entropy(scores, place[targets])

    def _candidates(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Ids of the candidates, and for each word its place among them."""
        chosen = torch.zeros(self.n_words, dtype=torch.bool, device=targets.device)
        chosen[: self.n_frequent] = True
        chosen[targets] = True
        drawn = torch.randperm(self.n_rare, device=targets.device)[: self.n_sampled]
        chosen[self.n_frequent + drawn] = True
        return chosen.nonzero().flatten(), chosen.cumsum(0) - 1
