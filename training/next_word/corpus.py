"""Words as numbers: the vocabulary, the training stream and the streams to measure on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.manifest import DataSource
from models.tokenizer import (
    DEFAULT_SPEC,
    PADDING,
    PARAGRAPH,
    UNKNOWN,
    Tokenizer,
    Vocabulary,
    is_shown,
)
from training.errors import DataError
from training.next_word.config import NextWordTraining
from training.next_word.held_out import split_tenth
from training.next_word.text import find_files, read_text
from training.provenance import data_source

Words = NDArray[np.int64]
SHARED = Path("../shared/data/text")
DEFAULT_FILES = ("masc.txt.gz", "speeches.txt.gz", "novels-train.txt.gz")
DEFAULT_EVALUATION = "novels-valid.txt.gz"
# Modern English: a tenth of it is measured on as well, because the novels are all old.
MODERN = "masc.txt.gz"
MODERN_NAME = "masc, held-out tenth"
PROJECT_TEXT = Path(__file__).parents[2] / "LICENSE"  # enough for --smoke anywhere
FEWEST_WORDS = 1000
LONGEST_HELD_OUT = 250_000
SMOKE_CHARACTERS = 200_000


@dataclass(frozen=True)
class Corpus:
    """Streams of word ids; ``evaluation`` is never used to choose anything.

    ``also`` holds further texts to measure on, by name; ``letters`` the length of every word of a
    text that is measured on, unknown ones too; ``texts`` is what was trained on, as it was
    written, and ``casing`` the capitals that are known besides.
    """

    vocabulary: Vocabulary
    train: Words
    held_out: Words
    evaluation: Words
    evaluation_name: str
    sources: tuple[DataSource, ...]
    also: Mapping[str, Words] = field(default_factory=dict)
    letters: Mapping[str, Words] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    casing: Mapping[str, str] = field(default_factory=dict)


def load_corpus(config: NextWordTraining) -> Corpus:
    """Read, tokenize, count and split.

    Raises:
        DataError: missing, unreadable or too little text.
    """
    tokenizer = Tokenizer.from_spec(DEFAULT_SPEC)
    longest = SMOKE_CHARACTERS if config.smoke else None
    files, evaluation_file = _choose_files(config)
    texts = [read_text(path, longest=longest) for path in files]
    modern = ""
    if config.data is None and (place := _place_of(MODERN, files)) is not None:
        texts[place], modern = split_tenth(texts[place])
    words = _words_of(texts, tokenizer)
    if len(words) < FEWEST_WORDS:
        raise DataError(
            f"{config.data or SHARED} holds {len(words)} words; at least {FEWEST_WORDS} are needed"
        )
    n_held_out = min(LONGEST_HELD_OUT, max(100, round(config.held_out_share * len(words))))
    vocabulary = build_vocabulary(words[:-n_held_out], config)
    stream = _ids(vocabulary, words)
    train, held_out = stream[:-n_held_out], stream[-n_held_out:]
    measured = {"held-out end": words[-n_held_out:]}
    sources = [data_source(path, "train") for path in files]
    if evaluation_file is not None:
        unseen = tokenizer.words(read_text(evaluation_file, longest=longest))
        if not unseen:
            raise DataError(f"{evaluation_file} holds no words")
        sources.append(data_source(evaluation_file, "evaluate"))
        measured = {evaluation_file.name.split(".")[0]: unseen}
    if modern:
        measured[MODERN_NAME] = tokenizer.words(modern)
    (name, first), *also = measured.items()
    return Corpus(
        vocabulary,
        train,
        held_out,
        held_out if evaluation_file is None else _ids(vocabulary, first),
        name,
        tuple(sources),
        also={key: _ids(vocabulary, some) for key, some in also},
        letters={key: np.array([len(word) for word in some]) for key, some in measured.items()},
        texts=tuple(texts),
    )


def build_vocabulary(words: list[str], config: NextWordTraining) -> Vocabulary:
    """The most frequent words; marks and specials first, so that words are one range of ids.

    Raises:
        DataError: no word is frequent enough.
    """
    frequent = [
        word
        for word, count in Counter(words).most_common()
        if count >= config.min_count and word not in (PADDING, UNKNOWN, PARAGRAPH)
    ][: config.vocabulary_size - 3]
    marks = [word for word in frequent if not is_shown(word)]
    shown = [word for word in frequent if is_shown(word)]
    if not shown:
        raise DataError(
            f"no word stands {config.min_count} times in the text: give more text or a lower "
            "--min-count"
        )
    return Vocabulary([PADDING, UNKNOWN, PARAGRAPH, *marks, *shown])


def _choose_files(config: NextWordTraining) -> tuple[list[Path], Path | None]:
    if config.evaluate is not None and not config.evaluate.is_file():
        raise DataError(f"--evaluate {config.evaluate} is not a file")
    if config.data is not None:
        return find_files(config.data), config.evaluate
    if config.smoke and not SHARED.is_dir():
        return [PROJECT_TEXT], config.evaluate
    files = [SHARED / name for name in DEFAULT_FILES]
    missing = [path for path in (*files, SHARED / DEFAULT_EVALUATION) if not path.is_file()]
    if missing:
        raise DataError(f"{missing[0]} does not exist: give your own text with --data")
    return files, config.evaluate or SHARED / DEFAULT_EVALUATION


def _place_of(name: str, files: list[Path]) -> int | None:
    return next((place for place, path in enumerate(files) if path.name == name), None)


def _words_of(texts: list[str], tokenizer: Tokenizer) -> list[str]:
    """Words of all texts, a blank line between two."""
    words: list[str] = []
    for text in texts:
        if words:
            words.append(PARAGRAPH)
        words.extend(tokenizer.words(text))
    return words


def _ids(vocabulary: Vocabulary, words: list[str]) -> Words:
    return np.array(vocabulary.ids(words), dtype=np.int64)
