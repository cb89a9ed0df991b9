"""The methods of a next-word export besides ``forward``: their tensors and golden examples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.manifest import Method, TensorSpec
from models.next_words import NextWords
from models.tokenizer import PADDING_ID, UNKNOWN_ID

Arrays = dict[str, NDArray[Any]]
# Words that a query of neighbours may add up, and words that a draw may rule out.
MOST_WORDS_OF_A_QUERY = 8
MOST_BANNED = 32
_BATCH = ("batch",)
_N_GOLDEN = 2
_N_TRIED = 48
_N_IN_RANGE = 5


def methods_of(network: NextWords, context_length: int) -> dict[str, Method]:
    """The methods of a network of this project's own."""
    return next_word_methods(network.top_k, context_length)


def next_word_methods(top_k: int, context_length: int) -> dict[str, Method]:
    """What ``suggest``, ``score``, ``draw`` and ``neighbours`` take and return."""
    contexts = TensorSpec("contexts", "int64", (-1, context_length), ("batch", "position"))
    log_probabilities = TensorSpec("log_probabilities", "float32", (-1,), _BATCH)
    query = (-1, MOST_WORDS_OF_A_QUERY), ("batch", "word")
    ranked = (-1, top_k), ("batch", "rank")
    return {
        "suggest": Method(
            (
                contexts,
                TensorSpec("lows", "int64", (-1,), _BATCH),
                TensorSpec("highs", "int64", (-1,), _BATCH),
            ),
            (
                TensorSpec("words", "int64", *ranked),
                TensorSpec("probabilities", "float32", *ranked),
            ),
        ),
        "score": Method(
            (contexts, TensorSpec("targets", "int64", (-1,), _BATCH)), (log_probabilities,)
        ),
        "draw": Method(
            (
                contexts,
                TensorSpec("banned", "int64", (-1, MOST_BANNED), ("batch", "word")),
                TensorSpec("temperatures", "float32", (-1,), _BATCH),
                TensorSpec("top_ks", "int64", (-1,), _BATCH),
                TensorSpec("top_ps", "float32", (-1,), _BATCH),
                TensorSpec("uniforms", "float32", (-1,), _BATCH),
            ),
            (TensorSpec("words", "int64", (-1,), _BATCH), log_probabilities),
        ),
        "neighbours": Method(
            (TensorSpec("words", "int64", *query), TensorSpec("weights", "float32", *query)),
            (
                TensorSpec("words", "int64", *ranked),
                TensorSpec("similarities", "float32", *ranked),
            ),
        ),
    }


def golden_of(network: NextWords, contexts: Sequence[Arrays]) -> dict[str, list[Arrays]]:
    """Examples of each method, on the golden contexts of ``forward`` where they need any."""
    some = [example["contexts"] for example in contexts]
    return {
        "suggest": [_suggest_example(network, context) for context in some],
        "score": [score_example(context, network.first_word_id) for context in some],
        "draw": [draw_example(context, number) for number, context in enumerate(some)],
        "neighbours": _neighbours(network),
    }


def suggest_example(context: NDArray[Any], low: int, high: int) -> Arrays:
    """Inputs of ``suggest``: words of a range of ranks after one context."""
    return {"contexts": context, "lows": np.array([low]), "highs": np.array([high])}


def _suggest_example(network: NextWords, context: NDArray[Any]) -> Arrays:
    """A range of a few words whose probabilities have no near-ties."""
    n_shown = len(network.network.bias) - network.first_word_id
    width = min(_N_IN_RANGE, n_shown, network.top_k)
    tried = np.unique(np.linspace(0, n_shown - width, _N_TRIED).astype(np.int64))
    row = torch.from_numpy(np.repeat(context, len(tried), axis=0))
    with torch.inference_mode():
        _, found = network.suggest(row, torch.from_numpy(tried), torch.from_numpy(tried + width))
    gaps = -np.diff(np.log(np.maximum(found[:, :width].numpy(), 1e-30)), axis=1)
    low = int(tried[gaps.min(axis=1, initial=np.inf).argmax()])
    return suggest_example(context, low, low + width)


def score_example(context: NDArray[Any], target: int) -> Arrays:
    """Inputs of ``score``: one target after one context."""
    return {"contexts": context, "targets": np.array([target])}


def draw_example(context: NDArray[Any], number: int) -> Arrays:
    """Inputs of ``draw``; in turn for the likeliest word, one of five, one of half of the share."""
    banned = np.full((1, MOST_BANNED), PADDING_ID)
    banned[0, :2] = UNKNOWN_ID
    kind = number % 3
    return {
        "contexts": context,
        "banned": banned,
        "temperatures": np.array([(0.0, 0.7, 1.3)[kind]], dtype=np.float32),
        "top_ks": np.array([(0, 5, 0)[kind]]),
        "top_ps": np.array([(1.0, 1.0, 0.5)[kind]], dtype=np.float32),
        "uniforms": np.array([0.4], dtype=np.float32),
    }


def _neighbours(network: NextWords) -> list[Arrays]:
    """Queries whose answers have no near-ties, so that rounding cannot change their order."""
    last = len(network.network.bias)
    tried = np.linspace(network.first_word_id, last - 1, _N_TRIED).astype(np.int64)
    queries = [query_example(int(word)) for word in np.unique(tried)]
    with torch.inference_mode():
        answers = [
            network.neighbours(torch.from_numpy(each["words"]), torch.from_numpy(each["weights"]))
            for each in queries
        ]
    gaps = [float((-np.diff(cosines.numpy()[0])).min(initial=np.inf)) for _, cosines in answers]
    clearest = sorted(range(len(queries)), key=lambda at: gaps[at], reverse=True)
    return [queries[at] for at in clearest[:_N_GOLDEN]]


def query_example(word: int) -> Arrays:
    """Inputs of ``neighbours``: a word, less half of the unknown word."""
    words = np.full((1, MOST_WORDS_OF_A_QUERY), PADDING_ID)
    weights = np.zeros((1, MOST_WORDS_OF_A_QUERY), dtype=np.float32)
    words[0, :2] = word, UNKNOWN_ID
    weights[0, :2] = 1.0, -0.5
    return {"words": words, "weights": weights}
