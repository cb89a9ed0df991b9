"""A user's own text, cut into what is learned, what stops the learning, and what judges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.export_folder import digest_file
from models.manifest import DataSource
from models.tokenizer import PARAGRAPH, Tokenizer
from training.errors import DataError
from training.fine_tuning.parent import Parent
from training.next_word.config import NextWordTraining
from training.next_word.corpus import MODERN, PROJECT_TEXT, SHARED, SMOKE_CHARACTERS
from training.next_word.held_out import split_tenth
from training.next_word.text import find_files, read_text
from training.provenance import data_source

FEWEST_WORDS = 1200
FEWEST_JUDGED = 1000  # words, unless that is more than a quarter of the text
REPLAYED_CHARACTERS = 1_500_000  # of each text that the parent learned
MOST_OLD_WORDS = 20_000


@dataclass(frozen=True)
class OwnText:
    """Words in order; nothing is chosen on ``judged``. ``texts`` are the files as written."""

    learned: list[str]
    held_out: list[str]
    judged: list[str]
    judged_name: str
    sources: tuple[DataSource, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class OldText:
    """What can be found of the text that the parent learned, and was judged on."""

    replayed: list[str]
    judged: list[str]


def read_own_text(config: NextWordTraining, tokenizer: Tokenizer, parent: Parent) -> OwnText:
    """Read and cut: the end of the text judges, the part before it stops the learning.

    Raises:
        DataError: no or too little text, or the parent has learned it already.
    """
    files = _files_of(config)
    sources = [data_source(path, "train") for path in files]
    if config.evaluate is not None:
        sources.append(data_source(config.evaluate, "evaluate"))
    _refuse_learned(parent, sources)
    longest = SMOKE_CHARACTERS if config.smoke else None
    texts = tuple(read_text(path, longest=longest) for path in files)
    words = _words_of(texts, tokenizer)
    if len(words) < FEWEST_WORDS:
        raise DataError(
            f"{config.data} holds {len(words)} words; at least {FEWEST_WORDS} are needed"
        )
    n_judged = min(max(round(config.held_out_share * len(words)), FEWEST_JUDGED), len(words) // 4)
    if config.evaluate is not None:
        judged = tokenizer.words(read_text(config.evaluate, longest=longest))
        name = config.evaluate.name.split(".")[0]
        return OwnText(words[:-n_judged], words[-n_judged:], judged, name, tuple(sources), texts)
    rest, judged = words[:-n_judged], words[-n_judged:]
    learned, held_out = rest[:-n_judged], rest[-n_judged:]
    return OwnText(learned, held_out, judged, "held-out end", tuple(sources), texts)


def find_old_text(parent: Parent, tokenizer: Tokenizer, *, smoke: bool) -> OldText:
    """The parent's texts, where ``../shared/data/text`` has them, told by their digests."""
    if smoke:
        return OldText([], [])
    found: dict[str, list[str]] = {"train": [], "evaluate": []}
    for source in parent.manifest.data:
        path = SHARED / source.name
        if source.role in found and path.is_file() and digest_file(path).sha256 == source.sha256:
            found[source.role].append(_learned_part(path))
    judged = _words_of(found["evaluate"], tokenizer)
    return OldText(_words_of(found["train"], tokenizer), judged[:MOST_OLD_WORDS])


def _learned_part(path: Path) -> str:
    """Enough of a text of the parent, without the tenth that judges the shipped export."""
    if path.name != MODERN:
        return read_text(path, longest=REPLAYED_CHARACTERS)
    return split_tenth(read_text(path))[0][:REPLAYED_CHARACTERS]


def _words_of(texts: Sequence[str], tokenizer: Tokenizer) -> list[str]:
    """Words of all texts, a blank line between two."""
    words: list[str] = []
    for text in texts:
        words += [PARAGRAPH] if words else []
        words.extend(tokenizer.words(text))
    return words


def _files_of(config: NextWordTraining) -> list[Path]:
    if config.evaluate is not None and not config.evaluate.is_file():
        raise DataError(f"--evaluate {config.evaluate} is not a file")
    if config.data is None:
        if config.smoke:
            return [PROJECT_TEXT]
        raise DataError("--from needs --data: a text file or a folder of them")
    return find_files(config.data)


def _refuse_learned(parent: Parent, sources: list[DataSource]) -> None:
    learned = {source.sha256 for source in parent.manifest.data if source.role == "train"}
    again = [source.name for source in sources if source.sha256 in learned]
    if again:
        raise DataError(
            f"--from {parent.label}: it has learned {again[0]} already, so nothing can be held out "
            "from it there"
        )
