"""A larger vocabulary for a network that was trained with a smaller one.

A word that was unknown so far begins where the network would have put it: between the unknown
word's vector and those of the words that it expected instead, and it takes its part of the unknown
word's probability.
"""

from collections import Counter

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.ngram import NgramNetwork
from models.tokenizer import UNKNOWN_ID, Vocabulary, is_shown
from training.next_word.config import NextWordTraining
from training.next_word.evaluation import contexts_of
from training.next_word.parent_network import Reader
from training.next_word.task import sizes_of

MOST_LOOKED_AT = 60_000  # positions of unknown words whose contexts are asked
_PIECE = 500
UNKNOWN_SHARE = 0.5  # of a new word's vector; the rest is that of the words expected there


def new_words(learned: list[str], known: Vocabulary, config: NextWordTraining) -> list[str]:
    """Words that stand ``min_count`` times, the most frequent first, as many as there is room."""
    counts = Counter(learned)
    old = set(known.words)
    frequent = [
        word
        for word, count in counts.most_common()
        if count >= config.min_count and word not in old
    ]
    return frequent[: max(0, config.vocabulary_size - len(known))]


def extended(parent: Reader, learned: list[str], config: NextWordTraining) -> Reader:
    """The parent with rows for the text's own words; known words keep theirs."""
    added = new_words(learned, parent.vocabulary, config)
    vocabulary = _joined(parent.vocabulary, added)
    rows = torch.tensor(vocabulary.ids(parent.vocabulary.words))
    fresh = torch.tensor(vocabulary.ids(added), dtype=torch.int64)
    state = dict(parent.network.state_dict())
    for name in ("words.weight", "output.weight"):
        starts = _starts(parent, state[name], learned, added)
        state[name] = _placed(state[name], rows, fresh, starts)
    bias = state["bias"].clone()
    shares = _shares(learned, added, parent.vocabulary)
    starts = bias[UNKNOWN_ID] + shares.log()
    bias[UNKNOWN_ID] += (1 - shares.sum()).log()
    state["bias"] = _placed(bias, rows, fresh, starts)
    network = NgramNetwork(sizes_of(config, len(vocabulary)))
    network.load_state_dict(state)
    return Reader(network.eval(), vocabulary)


def _joined(known: Vocabulary, added: list[str]) -> Vocabulary:
    """Marks stay before words."""
    first = known.first_word_id
    marks = [word for word in added if not is_shown(word)]
    shown = [word for word in added if is_shown(word)]
    return Vocabulary([*known.words[:first], *marks, *known.words[first:], *shown])


def _placed(old: Tensor, rows: Tensor, fresh: Tensor, starts: Tensor) -> Tensor:
    """Old rows at their new places, and the starts of the new ones at theirs."""
    larger = old.new_empty(len(rows) + len(fresh), *old.shape[1:])
    larger[rows] = old
    larger[fresh] = starts
    return larger


def _shares(learned: list[str], added: list[str], known: Vocabulary) -> Tensor:
    """How much of the unknown word's probability each new word takes; something is left."""
    counts = Counter(learned)
    old = set(known.words)
    n_unknown = sum(count for word, count in counts.items() if word not in old)
    return torch.tensor([counts[word] / (n_unknown + 1.0) for word in added])


@torch.no_grad()
def _starts(parent: Reader, table: Tensor, learned: list[str], added: list[str]) -> Tensor:
    """Vectors of new words: partly the unknown word's, partly those of what was expected there.

    Shape:
        table: (V, E); returns: (new word, E).
    """
    first = parent.vocabulary.first_word_id
    place = {word: number for number, word in enumerate(added)}
    at = np.array([i for i, w in enumerate(learned) if w in place][:MOST_LOOKED_AT], np.int64)
    stream = np.array(parent.vocabulary.ids(learned), np.int64)
    sums = table.new_zeros(len(added), table.size(1))
    for start in range(0, len(at), _PIECE):
        some = at[start : start + _PIECE]
        contexts = contexts_of(stream, some, parent.network.context_length)
        chances = torch.softmax(parent.network(torch.from_numpy(contexts))[:, first:], dim=1)
        sums.index_add_(0, torch.tensor([place[learned[i]] for i in some]), chances @ table[first:])
    length = table[first:].norm(dim=1).mean()
    expected = functional.normalize(sums, dim=1) * length
    starts: Tensor = UNKNOWN_SHARE * table[UNKNOWN_ID] + (1 - UNKNOWN_SHARE) * expected
    return starts
