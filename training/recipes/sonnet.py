"""The recipe that learns a sonnet by heart: two words of context, then the next."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.manifest import Metric, TensorSpec
from models.next_words import NextWords
from models.ngram import NgramNetwork
from models.plain_ngram import PlainNgram
from models.tokenizer import (
    DEFAULT_SPEC,
    PADDING,
    PADDING_ID,
    UNKNOWN,
    UNKNOWN_ID,
    Tokenizer,
    Vocabulary,
)
from models.word_order import WordOrder
from training.devices import seed_everything
from training.loop import History
from training.next_word.describe import VOCABULARY_FILE
from training.next_word.methods import golden_of, methods_of
from training.options import option
from training.provenance import data_source
from training.recipes import sonnet_plots as plots
from training.recipes.config import RecipeTraining
from training.recipes.contract import Outcome, Plot

SONNET = Path(__file__).parent / "data" / "sonnet-2.txt"
MAX_TOP_K = 10
N_GOLDEN = 4
# As the notes cut the text: at white space, so that a comma belongs to the word before it.
SPACED_SPEC: dict[str, Any] = {
    "lowercase": False,
    "replacements": [],
    "pattern": r"\S+",
    "tokens": {},
}
# Words in small letters, marks left out: what people type matches.
WORDS_SPEC: dict[str, Any] = {
    "lowercase": True,
    "replacements": DEFAULT_SPEC["replacements"],
    "pattern": r"[^\W\d_]+(?:['-][^\W\d_]+)*",
    "tokens": {},
}
Words = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SonnetRecipe(RecipeTraining):
    """Settings of the sonnet; a step is ``batch_size`` trigrams, in the order of the text."""

    data: Path | None = option(None, "Another text to learn by heart.")
    context_length: int = option(2, "Words that are read.", minimum=1)
    embedding_size: int = option(10, "Numbers a word becomes.", minimum=1)
    hidden_size: int = option(128, "Hidden units.", minimum=1)
    plain_words: bool = option(False, "Lower-case the words and leave out the marks.")

    @property
    def spec(self) -> dict[str, Any]:
        """The rules that cut the text into words."""
        return WORDS_SPEC if self.plain_words else SPACED_SPEC


@dataclass(frozen=True)
class Poem:
    """The text as word ids, each with the words before it.

    Shape:
        contexts: (M, N) int64; targets: (M,) int64; ambiguous: (M,) bool, where the same context
            is followed by different words somewhere in the text.
    """

    path: Path
    vocabulary: Vocabulary
    contexts: Words
    targets: Words
    ambiguous: NDArray[np.bool_]


def read_poem(config: SonnetRecipe) -> Poem:
    """Cut the text into words and number them in the order in which they first appear."""
    path = config.data or SONNET
    words = Tokenizer.from_spec(config.spec).words(path.read_text(encoding="utf-8"))
    vocabulary = Vocabulary([PADDING, UNKNOWN, *dict.fromkeys(words)])
    stream = np.array(vocabulary.ids(words), dtype=np.int64)
    length = config.context_length
    windows = np.lib.stride_tricks.sliding_window_view(stream, length + 1)
    contexts, targets = windows[:, :length].copy(), windows[:, length].copy()
    return Poem(path, vocabulary, contexts, targets, _ambiguous(contexts, targets))


def _ambiguous(contexts: Words, targets: Words) -> NDArray[np.bool_]:
    followers: dict[tuple[int, ...], set[int]] = defaultdict(set)
    keys = [tuple(context) for context in contexts.tolist()]
    for key, target in zip(keys, targets.tolist(), strict=True):
        followers[key].add(target)
    return np.array([len(followers[key]) > 1 for key in keys])


class SonnetTask:
    """The trigrams of the text, one after the other, round after round."""

    monitor = "recalled"
    goal: Literal["min", "max"] = "max"
    unit = "trigrams"

    def __init__(self, poem: Poem, config: SonnetRecipe) -> None:
        self._size = config.batch_size
        self._poem = poem
        self._contexts = torch.from_numpy(poem.contexts)
        self._targets = torch.from_numpy(poem.targets)
        seed_everything(config.seed)
        self.plain = PlainNgram(
            len(poem.vocabulary),
            context_length=config.context_length,
            embedding_size=config.embedding_size,
            hidden_size=config.hidden_size,
        )
        self.network: nn.Module = self.plain

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Contexts and targets of this step."""
        index = (step * self._size + np.arange(self._size)) % len(self._targets)
        return self._contexts[index], self._targets[index]

    def size(self, batch: tuple[Tensor, Tensor]) -> int:
        """Number of trigrams."""
        return len(batch[1])

    def loss(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Negative log-likelihood under the log-softmax."""
        return functional.nll_loss(functional.log_softmax(self.network(batch[0]), dim=1), batch[1])

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """The share of the trigrams that are not ambiguous which the network recalls."""
        del network
        return {self.monitor: recalled(self.probabilities(), self._poem)}

    @torch.inference_mode()
    def probabilities(self) -> NDArray[np.float32]:
        """Of every word after every context of the text: (M, V)."""
        shares: NDArray[np.float32] = torch.softmax(self.plain(self._contexts), dim=1).numpy()
        return shares


def recalled(probabilities: NDArray[np.float32], poem: Poem) -> float:
    """Share of right first guesses where the context leaves one word only."""
    right = probabilities.argmax(axis=1) == poem.targets
    return float(right[~poem.ambiguous].mean())


class SonnetExperiment:
    """The sonnet, and the network that learns it."""

    def __init__(self, config: SonnetRecipe) -> None:
        self._config = config
        self._poem = read_poem(config)
        self.task = SonnetTask(self._poem, config)

    def outcome(self, history: History) -> Outcome:
        """What is recalled of the text."""
        del history
        poem, config = self._poem, self._config
        probabilities = self.task.probabilities()
        of_targets = probabilities[np.arange(len(poem.targets)), poem.targets]
        figures = {
            "recalled": recalled(probabilities, poem),
            "perplexity": float(np.exp(-np.log(of_targets).mean())),
            "trigrams": float(len(poem.targets)),
            "ambiguous_trigrams": float(poem.ambiguous.sum()),
        }
        graph = NextWords(  # what it asks of a network, the plain one has too
            cast(NgramNetwork, self.task.plain),
            first_word_id=poem.vocabulary.first_word_id,
            ranks=torch.tensor(WordOrder(poem.vocabulary).ranks),
            top_k=MAX_TOP_K,
        )
        golden = _golden(graph, poem.contexts)
        answer = ("batch", "rank")
        length = config.context_length
        return Outcome(
            graph=graph,
            task="next-word",
            inputs=(TensorSpec("contexts", "int64", (-1, length), ("batch", "position")),),
            outputs=(
                TensorSpec("words", "int64", (-1, graph.n_likeliest), answer),
                TensorSpec("probabilities", "float32", (-1, graph.n_likeliest), answer),
            ),
            parameters=_parameters(config, graph),
            golden=golden,
            methods=methods_of(graph, length),
            method_golden=golden_of(graph, golden),
            figures=figures,
            metrics=[Metric(name, "sonnet 2", "train", value) for name, value in figures.items()],
            plots=[
                Plot("Data", plots.frequent_words(poem.vocabulary, poem.targets)),
                Plot(
                    "Truth against prediction",
                    plots.probability_of_truth(of_targets, poem.ambiguous),
                    "The probability of the word that the sonnet goes on with, place by place.",
                ),
            ],
            data=[data_source(poem.path, "train", "public domain")],
            licence="weights: Apache-2.0; the sonnet is in the public domain",
            files={VOCABULARY_FILE: poem.vocabulary.to_text().encode()},
        )


def _golden(graph: NextWords, contexts: Words) -> Sequence[dict[str, Words]]:
    """Contexts whose answers have no near-ties, so that rounding cannot change their order."""
    with torch.inference_mode():
        _, probabilities = graph(torch.from_numpy(contexts))
    gaps = -np.diff(np.log(np.maximum(probabilities.numpy(), 1e-30)), axis=1)
    clearest = np.argsort(-gaps.min(axis=1))[:N_GOLDEN]
    return [{"contexts": contexts[[row]]} for row in clearest]


def _parameters(config: SonnetRecipe, graph: NextWords) -> dict[str, Any]:
    return {
        "context_length": config.context_length,
        "tokenizer": config.spec,
        "vocabulary_file": VOCABULARY_FILE,
        "padding_id": PADDING_ID,
        "unknown_id": UNKNOWN_ID,
        "first_word_id": graph.first_word_id,
        "max_top_k": graph.top_k,
    }


OPTIONS = SonnetRecipe


def prepare(config: SonnetRecipe) -> SonnetExperiment:
    """Read the text and build the network."""
    return SonnetExperiment(config)
