"""``seqserve train next-word``: plain text -> n-gram network -> checked export.

Expect: with the defaults and the text under ``../shared/data/text``, the figures and the wall
time that ``models/repository/next-word/1/manifest.json`` states.
"""

from pathlib import Path

from rich.console import Console

from models.compact import compact
from training.errors import DataError
from training.loop import fit
from training.next_word.adapt import adapt
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus, load_corpus
from training.next_word.describe import draft_of, graph_of
from training.next_word.evaluation import evaluate
from training.next_word.fitting import fitted_to
from training.next_word.kneser_ney import KneserNey
from training.next_word.precision import write_measured
from training.next_word.task import NextWordTask


def train(config: NextWordTraining) -> Path:
    """Train, measure next to Kneser-Ney, and write the export.

    Raises:
        DataError: the text or the options make no sense.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
        NotRecommended: what ``--from`` names was adapted, and that is no better.
    """
    if config.from_:
        return adapt(config)
    _check(config)
    console = Console(stderr=True)
    corpus = load_corpus(config)
    console.print(_describe(corpus), highlight=False)
    config = fitted_to(config, len(corpus.train))
    task = NextWordTask(corpus, config)
    history = fit(task, config, title=config.name)
    network = compact(task.trained)
    console.print("measuring, next to Kneser-Ney on the same words", highlight=False)
    baselines = KneserNey.count_all(
        corpus.train, vocabulary_size=len(corpus.vocabulary), order=config.baseline_order
    )
    evaluations = evaluate(network, baselines, corpus)
    graph = graph_of(network, corpus.vocabulary)
    draft = draft_of(config, corpus, history, graph, evaluations)
    return write_measured(graph, draft, config.repository, corpus)


def _check(config: NextWordTraining) -> None:
    if config.context_length & (config.context_length - 1):
        raise DataError(
            f"--context-length must be 1, 2, 4, 8, 16, ..., got {config.context_length}"
        )


def _describe(corpus: Corpus) -> str:
    return (
        f"{len(corpus.train):,} words to train on, {len(corpus.held_out):,} to validate on, "
        f"{len(corpus.evaluation):,} to measure on ({corpus.evaluation_name}); "
        f"vocabulary of {len(corpus.vocabulary):,}"
    )
