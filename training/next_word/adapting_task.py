"""Learning a user's text without losing what the parent knows."""

import numpy as np
import torch
from torch import Tensor

from training.next_word.batches import TextBatch, TextRows
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus, Words
from training.next_word.parent_network import Reader
from training.next_word.sampled_softmax import SampledSoftmax
from training.next_word.task import NextWordTask

REPLAYED_SHARE = 0.25  # of the rows, where the parent's text is at hand
PULL = 1e-3  # of the squared distance from where the weights began

_SEED_OF_REPLAY = 1_000_003


class AdaptingTask(NextWordTask):
    """As for next words, from the parent's weights, held near them, with some of its text.

    Source: Li, Grandvalet & Davoine 2018, arXiv:1802.01483 (weights held to where they began);
    Robins 1995 (rehearsal of what was learned before).
    """

    def __init__(
        self, corpus: Corpus, config: NextWordTraining, start: Reader, replayed: Words
    ) -> None:
        super().__init__(corpus, config)
        self._network.load_state_dict(start.network.state_dict())
        self._start = [weight.detach().clone() for weight in self._network.parameters()]
        self._own_config = config
        self._old: TextRows | None = None
        self._n_old = round(REPLAYED_SHARE * config.batch_size)
        if len(replayed) > config.context_length + config.segment_length + 1 and self._n_old:
            self._old = TextRows(
                replayed,
                corpus.vocabulary,
                context_length=config.context_length,
                length=config.segment_length,
            )
        self._softmax = _softmax(corpus, config, replayed if self._old else replayed[:0])

    def batch(self, step: int) -> TextBatch:
        """The rows of this step; the last ones are of the parent's text."""
        if self._old is None:
            return super().batch(step)
        config = self._own_config
        own = self._rows.batch(
            step,
            seed=config.seed,
            n_rows=config.batch_size - self._n_old,
            truncated_share=config.truncated_share,
        )
        old = self._old.batch(
            step, seed=config.seed + _SEED_OF_REPLAY, n_rows=self._n_old, truncated_share=0.0
        )
        return TextBatch(torch.cat([own.words, old.words]), torch.cat([own.targets, old.targets]))

    def loss(self, batch: TextBatch) -> Tensor:
        """Cross-entropy, and the pull back to where the weights began."""
        distance = torch.stack(
            [
                (weight - start.to(weight.device)).square().sum()
                for weight, start in zip(self._network.parameters(), self._start, strict=True)
            ]
        )
        return super().loss(batch) + PULL * distance.sum()


def _softmax(corpus: Corpus, config: NextWordTraining, replayed: Words) -> SampledSoftmax:
    """Candidates by how often words come in the mixture of both texts."""
    n_words = len(corpus.vocabulary)
    counts = np.bincount(corpus.train, minlength=n_words) / len(corpus.train)
    if len(replayed):
        old = np.bincount(replayed, minlength=n_words) / len(replayed)
        counts = (1 - REPLAYED_SHARE) * counts + REPLAYED_SHARE * old
    return SampledSoftmax(
        torch.from_numpy(counts),
        n_frequent=config.frequent_words,
        n_sampled=config.sampled_words,
        n_targets=config.batch_size * config.segment_length,
    )
