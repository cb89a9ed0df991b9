"""``seqserve train next-word --from``: a next-word network adapted to a user's own text.

Expect: a few minutes on two cores for a novel's length of text.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from models.compact import compact
from models.manifest import Metric
from models.tokenizer import Tokenizer
from training.draft import Draft
from training.errors import NotRecommended
from training.fine_tuning.parent import Parent, adapted_name, find_parent
from training.fine_tuning.stages import stages
from training.fine_tuning.verdict_table import show
from training.loop import History, fit
from training.next_word.adapt_page import adapted_page
from training.next_word.adaptation import Adaptation, table_of
from training.next_word.adapting_task import AdaptingTask
from training.next_word.casing import casing_of
from training.next_word.config import NextWordTraining
from training.next_word.contenders import (
    ADAPTED,
    SCRATCH,
    Judged,
    compare,
)
from training.next_word.corpus import Corpus, Words, build_vocabulary
from training.next_word.describe import draft_of, graph_of
from training.next_word.evaluation import evaluate
from training.next_word.extending import extended
from training.next_word.fitting import fitted_to
from training.next_word.kneser_ney import KneserNey
from training.next_word.own_text import OldText, OwnText, find_old_text, read_own_text
from training.next_word.parent_network import (
    Reader,
    casing_of_parent,
    read_parent,
    with_sizes_of,
)
from training.next_word.precision import write_measured
from training.next_word.spelling import Spelling
from training.next_word.task import NextWordTask

_SCRATCH_RATE = float(NextWordTraining().learning_rate)


def adapt(config: NextWordTraining) -> Path:
    """Adapt the export that ``config.from_`` names, judge it, and export it if it is better.

    Raises:
        DataError: the text or the parent makes no sense.
        NotRecommended: it is not better; the report is in the run's folder.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
    """
    parent = find_parent(str(config.from_), config.repository, "next-word")
    config = with_sizes_of(parent, config)
    config = replace(config, name=config.name or adapted_name(parent, config.data or Path("own")))
    reader, tokenizer = read_parent(parent, config)
    text = read_own_text(config, tokenizer, parent)
    config = fitted_to(config, len(text.learned))
    old = find_old_text(parent, tokenizer, smoke=config.smoke)
    made = _train(parent, reader, config, text, old)
    verdict = made.comparison.recommendation
    show(verdict, *table_of(made), title=f"{made.comparison.n_words:,} words: {text.judged_name}")
    page = adapted_page(made)
    if not (verdict.recommended or config.anyway or config.smoke):
        raise NotRecommended(_refusal(config, page))
    return _export(made, page)


def _train(
    parent: Parent, reader: Reader, config: NextWordTraining, text: OwnText, old: OldText
) -> Adaptation:
    start = extended(reader, text.learned, config)
    corpus = _corpus(text, start)
    unchanged = f"{parent.label} unchanged"
    _say(corpus, start, reader, old)
    own = stages(config, ["adapted", "scratch"])
    replayed = np.array(start.vocabulary.ids(old.replayed), np.int64)
    adapted, history = _adapted(corpus, own["adapted"], start, replayed)
    scratch, scratch_history = _from_scratch(text, own["scratch"])
    readers = {ADAPTED: adapted, SCRATCH: scratch, unchanged: reader}
    words = scratch.vocabulary
    counted = KneserNey.count(
        np.array(words.ids(text.learned + text.held_out), np.int64),
        vocabulary_size=len(words),
        order=config.baseline_order,
    )
    judged = Judged(text.judged, old.judged, Spelling(text.learned))
    comparison = compare(readers, (counted, words), judged, unchanged)
    histories = {ADAPTED: history, SCRATCH: scratch_history}
    return Adaptation(parent, config, text, corpus, readers, histories, comparison)


def _corpus(text: OwnText, reader: Reader) -> Corpus:
    """The text in the ids of a vocabulary."""
    streams = [
        np.array(reader.vocabulary.ids(words), np.int64)
        for words in (text.learned, text.held_out, text.judged)
    ]
    train, held_out, judged = streams
    letters = {text.judged_name: np.array([len(word) for word in text.judged])}
    name, sources = text.judged_name, text.sources
    return Corpus(reader.vocabulary, train, held_out, judged, name, sources, letters=letters)


def _adapted(
    corpus: Corpus, config: NextWordTraining, start: Reader, replayed: Words
) -> tuple[Reader, History]:
    task = AdaptingTask(corpus, config, start, replayed)
    history = fit(task, config, title="adapting")
    return Reader(task.trained, corpus.vocabulary), history


def _from_scratch(text: OwnText, config: NextWordTraining) -> tuple[Reader, History]:
    """A network of the same size with the text's own vocabulary and as many steps."""
    vocabulary = build_vocabulary(text.learned, config)
    corpus = _corpus(text, Reader(None, vocabulary))  # type: ignore[arg-type]
    config = replace(config, learning_rate=_SCRATCH_RATE)
    task = NextWordTask(corpus, config)
    history = fit(task, config, title="from scratch")
    return Reader(task.trained, vocabulary), history


def _say(corpus: Corpus, start: Reader, reader: Reader, old: OldText) -> None:
    n_new = len(start.vocabulary) - len(reader.vocabulary)
    Console(stderr=True).print(
        f"{len(corpus.train):,} words to learn, {len(corpus.held_out):,} to stop by, "
        f"{len(corpus.evaluation):,} to judge on ({corpus.evaluation_name}); "
        f"{n_new:,} new words join the {len(reader.vocabulary):,} known; "
        f"{len(old.replayed):,} words of the parent's text are repeated among them",
        highlight=False,
    )


def _refusal(config: NextWordTraining, page: str) -> str:
    report = config.run_folder / "report.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page, encoding="utf-8")
    return (
        f"nothing was exported, because the adapted model is not better; {report} shows why. "
        "More text may help; --anyway --resume exports it all the same"
    )


def _export(made: Adaptation, page: str) -> Path:
    config, corpus = made.config, made.corpus
    network = compact(made.readers[ADAPTED].network)
    baselines = KneserNey.count_all(
        corpus.train, vocabulary_size=len(corpus.vocabulary), order=config.baseline_order
    )
    evaluations = evaluate(network, baselines, corpus)
    graph = graph_of(network, corpus.vocabulary)
    tokenizer = Tokenizer.from_spec(made.parent.manifest.parameters["tokenizer"])
    own = casing_of(made.text.texts, tokenizer, corpus.vocabulary)
    corpus = replace(corpus, casing={**casing_of_parent(made.parent), **own})
    history = made.histories[ADAPTED]
    draft = draft_of(config, corpus, history, graph, evaluations, page=page)
    return write_measured(graph, _described(made, draft), config.repository, corpus)


def _described(made: Adaptation, draft: Draft) -> Draft:
    told: dict[str, Any] = {
        "from": made.parent.provenance(),
        "recommendation": made.comparison.recommendation.to_json(),
        "wall_time_s": round(sum(h.wall_time_s for h in made.histories.values()), 1),
    }
    return replace(
        draft,
        parameters={
            **draft.parameters,
            "tokenizer": made.parent.manifest.parameters["tokenizer"],
        },
        metrics=[*_metrics(made), *draft.metrics],
        training={**draft.training, **told},
        licence=f"that of the text; adapted from {made.parent.label}: "
        f"{made.parent.manifest.licence or 'no licence stated'}",
    )


def _metrics(made: Adaptation) -> list[Metric]:
    comparison, name = made.comparison, made.text.judged_name
    note = f"{comparison.n_words} words; an unknown one costs its spelling as well, for everybody"
    perplexities = dict(comparison.perplexities)
    own = Metric(
        "perplexity_per_word", name, "evaluation", perplexities.pop(ADAPTED), perplexities, note
    )
    old = dict(comparison.old)
    if not old:
        return [own]
    value = old.pop(ADAPTED)
    note = "of the kind that the parent was judged on"
    return [own, Metric("perplexity_per_word", "old text", "evaluation", value, old, note)]
