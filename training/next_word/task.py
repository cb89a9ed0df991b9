"""What the training loop needs to know of text: batches, loss and validation."""

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from models.ngram import NgramNetwork, NgramSizes
from training.devices import seed_everything
from training.next_word.batches import TextBatch, TextRows
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus
from training.next_word.sampled_softmax import SampledSoftmax
from training.next_word.scoring import log_probabilities

VALIDATION_WORDS = 60_000


class NextWordTask:
    """Rows of running text; every one can be made again from the seed and the step."""

    monitor = "validation_perplexity"
    goal: Literal["min", "max"] = "min"
    unit = "words"

    def __init__(self, corpus: Corpus, config: NextWordTraining) -> None:
        self._config = config
        self._rows = TextRows(
            corpus.train,
            corpus.vocabulary,
            context_length=config.context_length,
            length=config.segment_length,
        )
        self._held_out = corpus.held_out[:VALIDATION_WORDS]
        counts = torch.bincount(torch.from_numpy(corpus.train), minlength=len(corpus.vocabulary))
        self._softmax = SampledSoftmax(
            counts,
            n_frequent=config.frequent_words,
            n_sampled=config.sampled_words,
            n_targets=config.batch_size * config.segment_length,
        )
        seed_everything(config.seed)
        self._network = NgramNetwork(sizes_of(config, len(corpus.vocabulary)))
        self._network.start_from_frequencies(counts)
        self.network: nn.Module = self._network

    @property
    def trained(self) -> NgramNetwork:
        """The network, with its own type."""
        return self._network

    def batch(self, step: int) -> TextBatch:
        """The rows of this step."""
        config = self._config
        return self._rows.batch(
            step,
            seed=config.seed,
            n_rows=config.batch_size,
            truncated_share=config.truncated_share,
        )

    def size(self, batch: TextBatch) -> int:
        """Number of words to predict."""
        return batch.targets.numel()

    def loss(self, batch: TextBatch) -> Tensor:
        """Cross-entropy over the candidates of this step."""
        device = self._network.bias.device
        targets = batch.targets.to(device).flatten()
        hidden = self._network.hidden(batch.words.to(device)).flatten(0, 1)
        return self._softmax.loss(self._network, hidden, targets)

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Perplexity over the whole vocabulary on the start of the held-out text."""
        assert isinstance(network, NgramNetwork)  # noqa: S101 - for the type checker
        scored = log_probabilities(network, self._held_out, half=True)
        return {self.monitor: math.exp(-float(scored.mean()))}


def sizes_of(config: NextWordTraining, vocabulary_size: int) -> NgramSizes:
    """The network that the options describe."""
    return NgramSizes(
        vocabulary_size=vocabulary_size,
        context_length=config.context_length,
        embedding_size=config.embedding_size,
        hidden_size=config.hidden_size,
        gate_size=config.gate_size,
        n_layers=config.n_layers,
        tied=config.tied,
        dropout=config.dropout,
    )
