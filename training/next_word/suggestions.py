"""Example answers of a next-word model, for the report."""

from collections.abc import Sequence

import torch

from models.next_words import NextWords
from models.tokenizer import DEFAULT_SPEC, Tokenizer, Vocabulary


def suggestions(
    network: NextWords, vocabulary: Vocabulary, contexts: Sequence[str], *, n_words: int = 6
) -> list[tuple[str, str]]:
    """Each context with the likeliest next words and their probabilities."""
    tokenizer = Tokenizer.from_spec(DEFAULT_SPEC)
    length = network.network.context_length
    rows = [vocabulary.context(tokenizer.words(context), length) for context in contexts]
    with torch.inference_mode():
        words, probabilities = network(torch.tensor(rows))
    answers = [
        ", ".join(
            f"{vocabulary.words[word]} {probability:.0%}"
            for word, probability in zip(best[:n_words], shares[:n_words], strict=True)
        )
        for best, shares in zip(words.tolist(), probabilities.tolist(), strict=True)
    ]
    return list(zip([context or "(nothing)" for context in contexts], answers, strict=True))
