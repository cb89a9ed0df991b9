"""How a network does on running text: probabilities of the words, and their ranks.

A rank counts the words that were thought likelier than the right one: 0 is a hit at first guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.ngram import NgramNetwork
from models.tokenizer import PADDING_ID
from training.next_word.keystrokes import Keyboard

Words = NDArray[np.int64]
Floats = NDArray[np.float64]
_PIECE = 500


@torch.no_grad()
def log_probabilities(network: NgramNetwork, words: Words, *, half: bool = False) -> Floats:
    """Natural logarithm of the probability of each word after all before it."""
    answers = []
    for scores, targets in _scored_pieces(network, words, half=half):
        answers.append(-functional.cross_entropy(scores.float(), targets, reduction="none"))
    return torch.cat(answers).double().cpu().numpy()


def _scored_pieces(
    network: NgramNetwork, words: Words, *, half: bool
) -> Iterator[tuple[Tensor, Tensor]]:
    device = network.bias.device
    length = network.context_length
    stream = torch.from_numpy(np.concatenate([np.full(length, PADDING_ID), words])).to(device)
    for start in range(0, len(words), _PIECE):
        piece = stream[start : start + _PIECE + length]
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            hidden = network.hidden(piece[None, :-1])[0]
            scores = network.scores(hidden)
        yield scores, piece[length:]


@dataclass(frozen=True)
class Guesses:
    """What a model thought of some words of a text.

    Shape:
        each (position,): log-probability of the right word, its rank among all, its rank among
        the words that are shown to people, the probability of the first guess, and the letters to
        type until the word is suggested (those of the whole word if it never is).
    """

    log_probability: Floats
    rank: Words
    shown_rank: Words
    confidence: Floats
    typed: Words


@torch.no_grad()
def log_probabilities_after(network: NgramNetwork, contexts: Words, targets: Words) -> Floats:
    """Of each target after its own context, padded on the left."""
    parts = []
    for start in range(0, len(targets), _PIECE):
        scores = network(torch.from_numpy(contexts[start : start + _PIECE]))
        right = torch.from_numpy(targets[start : start + _PIECE])
        parts.append(-functional.cross_entropy(scores, right, reduction="none"))
    return torch.cat(parts).double().numpy()


@torch.no_grad()
def guesses_after(
    network: NgramNetwork, contexts: Words, targets: Words, keyboard: Keyboard
) -> Guesses:
    """Guess each target from its own context, padded on the left."""
    parts = []
    for start in range(0, len(targets), _PIECE):
        some = torch.from_numpy(contexts[start : start + _PIECE])
        scores = network(some).log_softmax(-1).double().numpy()
        parts.append(guesses_of(scores, targets[start : start + _PIECE], keyboard))
    return join(parts)


def guesses_of(log_probabilities: Floats, targets: Words, keyboard: Keyboard) -> Guesses:
    """Guesses from whole distributions (position, vocabulary)."""
    right = np.take_along_axis(log_probabilities, targets[:, None], axis=1)
    likelier = log_probabilities > right
    return Guesses(
        log_probability=right[:, 0],
        rank=likelier.sum(axis=1),
        shown_rank=likelier[:, keyboard.first_word_id :].sum(axis=1),
        confidence=np.exp(log_probabilities.max(axis=1)),
        typed=keyboard.typed(likelier, targets),
    )


def join(parts: list[Guesses]) -> Guesses:
    """One set of guesses from several, in order."""
    return Guesses(
        np.concatenate([part.log_probability for part in parts]),
        np.concatenate([part.rank for part in parts]),
        np.concatenate([part.shown_rank for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.typed for part in parts]),
    )
