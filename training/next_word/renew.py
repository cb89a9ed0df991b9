"""Write a next-word export again with this version's code: the same weights, nothing trained.

    python -m training.next_word.renew --export next-word --repository build/repository
    python -m training.next_word.renew --export mail --data mail.txt

After a change of the networks in ``models/``, or on a processor that can measure int8 where the
one that trained could not. Everything that a training would write is written, as the next version;
figures, report and files are those of the old export. Expect: two minutes with the shipped text,
most of it to read the text and to measure int8.
"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import torch
import typer

from models.compact import compact
from models.next_words import NextWords
from models.ngram import NgramNetwork
from models.tokenizer import Vocabulary
from models.word_order import WordOrder
from training.errors import DataError, TrainingError
from training.fine_tuning.parent import Parent, check_answers, find_parent
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus, load_corpus
from training.next_word.precision import write_measured
from training.next_word.task import sizes_of
from training.renewal import draft_again


def renew(
    parent: Parent, repository: Path, *, data: Path | None = None, evaluate: Path | None = None
) -> Path:
    """Write ``parent`` again as a new version in ``repository``.

    ``data`` and ``evaluate`` are the texts that its training had by these options.

    Raises:
        DataError: its text is not here or has changed, or its weights do not fit this version.
        ExportError: the graph does not answer as the network does.
    """
    config = _config_of(parent, {"data": data, "evaluate": evaluate})
    corpus = load_corpus(config)
    _check_same_text(parent, corpus)
    graph = _graph_of(parent, config, corpus.vocabulary)
    return write_measured(graph, draft_again(parent), repository, corpus)


def _config_of(parent: Parent, texts: Mapping[str, Path | None]) -> NextWordTraining:
    for name, path in texts.items():
        if path is None and (used := parent.options.get(name)):
            raise DataError(f"{parent.label} was made with --{name} {used}: give that text again")
    known = {item.name for item in fields(NextWordTraining)}
    kept = {name: value for name, value in parent.options.items() if name in known}
    return NextWordTraining(**{**kept, **texts})


def _check_same_text(parent: Parent, corpus: Corpus) -> None:
    trained_on = {source.sha256 for source in parent.manifest.data}
    other = [source.name for source in corpus.sources if source.sha256 not in trained_on]
    if other:
        raise DataError(f"{parent.label} was not trained on this {other[0]}")
    file = parent.folder / Path(parent.manifest.parameters["vocabulary_file"]).name
    if file.read_text(encoding="utf-8") != corpus.vocabulary.to_text():
        raise DataError(
            f"{parent.label} has another vocabulary than its text gives: it was adapted, or made "
            "by another version; train it again"
        )


def _graph_of(parent: Parent, config: NextWordTraining, vocabulary: Vocabulary) -> NextWords:
    network = compact(NgramNetwork(sizes_of(config, len(vocabulary))))
    graph = NextWords(
        network,
        first_word_id=vocabulary.first_word_id,
        ranks=torch.tensor(WordOrder(vocabulary).ranks),
        n_likeliest=int(parent.manifest.outputs[0].shape[1]),
    )
    try:
        graph.load_state_dict(parent.weights())
    except RuntimeError as error:
        raise DataError(f"{parent.label}: its weights do not fit this version") from error
    check_answers(graph.eval(), parent)
    return graph


def main(
    export: Annotated[str, typer.Option(help="Name, name/version, or folder of an export.")],
    repository: Annotated[Path, typer.Option(help="Where the new version goes.")] = Path(
        "models/repository"
    ),
    data: Annotated[Path | None, typer.Option(help="The text that it was trained on.")] = None,
    evaluate: Annotated[Path | None, typer.Option(help="The text of its figures.")] = None,
) -> None:
    """Write the export again and say where."""
    try:
        parent = find_parent(export, repository, "next-word")
        typer.echo(renew(parent, repository, data=data, evaluate=evaluate))
    except TrainingError as error:
        raise typer.BadParameter(str(error)) from error


if __name__ == "__main__":
    typer.run(main)
