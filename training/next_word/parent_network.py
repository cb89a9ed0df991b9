"""The network inside a next-word export, ready to learn on."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.casing import from_text
from models.next_words import NextWords
from models.ngram import NgramNetwork, NgramSizes
from models.tokenizer import Tokenizer, Vocabulary
from models.word_order import WordOrder
from training.errors import DataError
from training.fine_tuning.parent import Parent, check_answers
from training.fine_tuning.settled import settled
from training.next_word.config import NextWordTraining
from training.next_word.task import sizes_of

_PREFIX = "network."  # of the network in its export
_LEVELS, _SCALE = ".levels", ".scale"
_NOT_TAKEN = {"vocabulary_size", "dropout"}  # the vocabulary grows, and learning is another


@dataclass(frozen=True)
class Reader:
    """A network with the vocabulary it was trained for."""

    network: NgramNetwork
    vocabulary: Vocabulary


def with_sizes_of(parent: Parent, config: NextWordTraining) -> NextWordTraining:
    """The options with the parent's sizes.

    Raises:
        DataError: the parent does not say its sizes, or the options ask for others.
    """
    own = {item.name for item in fields(NextWordTraining)}
    known = ({item.name for item in fields(NgramSizes)} & own) - _NOT_TAKEN
    sizes: dict[str, Any] = {name: parent.options[name] for name in known if name in parent.options}
    if "embedding_size" not in sizes:
        raise DataError(f"--from {parent.label}: no next-word network that this version trains")
    return settled(config, sizes, parent.label)


def read_parent(parent: Parent, config: NextWordTraining) -> tuple[Reader, Tokenizer]:
    """The parent's network, its vocabulary and its way to cut text.

    Raises:
        DataError: the weights do not fit, or answer otherwise than the export does.
    """
    parameters = parent.manifest.parameters
    text = (parent.folder / Path(parameters["vocabulary_file"]).name).read_text(encoding="utf-8")
    vocabulary = Vocabulary.from_text(text)
    network = NgramNetwork(sizes_of(config, len(vocabulary)))
    try:
        network.load_state_dict(_plain(parent.weights()))
    except RuntimeError as error:
        raise DataError(
            f"--from {parent.label}: its weights are those of another network than this version "
            "trains; adapt an export made with this version"
        ) from error
    check_answers(_graph(network.eval(), vocabulary, parent), parent)
    return Reader(network, vocabulary), Tokenizer.from_spec(parameters["tokenizer"])


def _graph(network: NgramNetwork, vocabulary: Vocabulary, parent: Parent) -> NextWords:
    return NextWords(
        network,
        first_word_id=vocabulary.first_word_id,
        ranks=torch.tensor(WordOrder(vocabulary).ranks),
        n_likeliest=int(parent.manifest.outputs[0].shape[1]),
    )


def casing_of_parent(parent: Parent) -> dict[str, str]:
    """The words that the parent writes with capitals; older ones know none."""
    file = parent.manifest.parameters.get("casing_file")
    if file is None:
        return {}
    return from_text((parent.folder / Path(file).name).read_text(encoding="utf-8"))


def _plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names of the trained network: tables of eight-bit levels become numbers."""
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if not name.startswith(_PREFIX):
            continue  # the order of words, which follows from the vocabulary
        own = name.removeprefix(_PREFIX)
        if own.endswith(_LEVELS):
            table = own.removesuffix(_LEVELS)
            scale = state[name.removesuffix(_LEVELS) + _SCALE]
            found[f"{table.removesuffix('.table')}.weight"] = tensor.float() * scale
        elif not own.endswith(_SCALE):
            found[own] = tensor
    return found
