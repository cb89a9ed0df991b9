"""What an export of a next-word model says of itself: tensors, parameters, sources, report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from models.casing import to_text
from models.manifest import TensorSpec
from models.next_words import NextWords
from models.ngram import NgramNetwork
from models.tokenizer import DEFAULT_SPEC, PADDING_ID, UNKNOWN_ID, Tokenizer, Vocabulary
from models.word_order import WordOrder
from training.draft import Draft
from training.loop import History
from training.next_word.casing import casing_of
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus
from training.next_word.evaluation import Evaluation, metrics_of
from training.next_word.methods import Arrays, golden_of, methods_of
from training.next_word.page import build_page
from training.provenance import describe_training

VOCABULARY_FILE = "vocabulary.txt"
CASING_FILE = "casing.txt"
LICENCE = (
    "novels and speeches: public domain; MASC: American National Corpus, free for any use. "
    "The weights are under the licence of the project."
)
_N_GOLDEN = 4
_N_TRIED = 48


def graph_of(network: NgramNetwork, vocabulary: Vocabulary) -> NextWords:
    """What is exported of a network."""
    ranks = torch.tensor(WordOrder(vocabulary).ranks)
    return NextWords(network, first_word_id=vocabulary.first_word_id, ranks=ranks)


def draft_of(
    config: NextWordTraining,
    corpus: Corpus,
    history: History,
    network: NextWords,
    evaluations: Sequence[Evaluation],
    *,
    page: str = "",
) -> Draft:
    """All that the exporter needs besides the network; ``page`` replaces the usual report."""
    order = config.baseline_order
    metrics = [metric for each in evaluations for metric in metrics_of(each, corpus, order)]
    counted = casing_of(corpus.texts, Tokenizer.from_spec(DEFAULT_SPEC), corpus.vocabulary)
    casing = {**corpus.casing, **counted}
    answer = ("batch", "rank")
    golden = golden_contexts(network, corpus, config.context_length)
    return Draft(
        name=config.name,
        task="next-word",
        inputs=(
            TensorSpec("contexts", "int64", (-1, config.context_length), ("batch", "position")),
        ),
        outputs=(
            TensorSpec("words", "int64", (-1, network.n_likeliest), answer),
            TensorSpec("probabilities", "float32", (-1, network.n_likeliest), answer),
        ),
        parameters=_parameters(config, network),
        golden=golden,
        methods=methods_of(network, config.context_length),
        method_golden=golden_of(network, golden),
        metrics=metrics,
        training=_training(config, history, corpus),
        data=corpus.sources,
        licence=LICENCE if config.data is None else "that of the text it was trained on",
        report_html=page or build_page(config, corpus, history, network, evaluations[0], metrics),
        files={
            VOCABULARY_FILE: corpus.vocabulary.to_text().encode(),
            CASING_FILE: to_text(casing).encode(),
        },
    )


def _parameters(config: NextWordTraining, network: NextWords) -> dict[str, Any]:
    return {
        "context_length": config.context_length,
        "tokenizer": DEFAULT_SPEC,
        "vocabulary_file": VOCABULARY_FILE,
        "casing_file": CASING_FILE,
        "padding_id": PADDING_ID,
        "unknown_id": UNKNOWN_ID,
        "first_word_id": network.first_word_id,
        "max_top_k": network.top_k,
    }


def _training(config: NextWordTraining, history: History, corpus: Corpus) -> dict[str, Any]:
    own = {
        "train_words": len(corpus.train),
        "held_out_words": len(corpus.held_out),
        "validation_perplexity": history.best,
    }
    return describe_training(config, history) | own


def golden_contexts(network: NextWords, corpus: Corpus, length: int) -> list[Arrays]:
    """Contexts whose answers have no near-ties, so that rounding cannot change their order."""
    generator = np.random.default_rng(0)
    text = corpus.held_out
    starts = generator.integers(0, max(1, len(text) - length), _N_TRIED)
    tried = np.stack([np.resize(text[start : start + length], length) for start in starts])
    tried[np.arange(length) < generator.integers(0, length + 1, (_N_TRIED, 1))] = PADDING_ID
    with torch.inference_mode():
        _, probabilities = network(torch.from_numpy(tried))
    gaps = -np.diff(np.log(np.maximum(probabilities.numpy(), 1e-30)), axis=1)
    clearest = np.argsort(-gaps.min(axis=1, initial=np.inf))[:_N_GOLDEN]
    return [{"contexts": tried[[row]]} for row in clearest]
