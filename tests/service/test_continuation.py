"""What must not be drawn next, and what is read next."""

from pathlib import Path

import numpy as np

from models.tokenizer import DEFAULT_SPEC, NUMBER, PADDING, UNKNOWN
from service.tasks.continuation import MAX_BANNED, Continuation
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_complete_api import CompleteRequest

# Ids: 0 padding, 1 unknown, 2 number, then words.
LETTERS = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]


def continuation(folder: Path, words: list[str], prompt: str, no_repeat: int) -> Continuation:
    (folder / "vocabulary.txt").write_text("\n".join([PADDING, UNKNOWN, NUMBER, *words]))
    parameters = {
        "context_length": 4,
        "tokenizer": DEFAULT_SPEC,
        "vocabulary_file": "vocabulary.txt",
    }
    request = CompleteRequest(prompts=[prompt], no_repeat=no_repeat, max_words=500)
    lexicon = Lexicon(parameters, folder)
    return Continuation(lexicon, request, {}, prompt, np.random.default_rng(0))


def test_what_nobody_can_read_is_never_drawn(tmp_path: Path) -> None:
    text = continuation(tmp_path, LETTERS, "aa", no_repeat=0)

    assert text.banned() == [1, 2] + [0] * (MAX_BANNED - 2)


def test_what_was_said_is_ruled_out_the_newest_first_to_stay(tmp_path: Path) -> None:
    text = continuation(tmp_path, LETTERS, "", no_repeat=1)
    assert text.banned()[2:] == [0] * 30

    for number in range(3, 43):
        text.add(number, -1.0)

    assert text.banned() == [1, 2, *range(13, 43)]


def test_the_prompt_s_last_words_count_as_said(tmp_path: Path) -> None:
    text = continuation(tmp_path, LETTERS, "ha ab ac ad aa ab", no_repeat=2)

    assert text.banned()[:4] == [1, 2, 0, 0]  # "ab ac" is too far back to be read
    text = continuation(tmp_path, LETTERS, "ab ac aa ab", no_repeat=2)
    assert text.banned()[:4] == [1, 2, 5, 0]


def test_where_everything_was_said_the_guard_gives_in(tmp_path: Path) -> None:
    text = continuation(tmp_path, ["aa", "ab"], "aa", no_repeat=1)
    assert text.banned()[:4] == [1, 2, 3, 0]

    text.add(4, -1.0)

    assert text.banned()[:4] == [1, 2, 0, 0]


def test_the_model_reads_the_last_words_of_prompt_and_text(tmp_path: Path) -> None:
    text = continuation(tmp_path, LETTERS, "aa ab", no_repeat=0)
    assert list(text.context) == [0, 0, 3, 4]

    written = [text.add(number, 0.0) for number in (5, 6, 7)]

    assert list(text.context) == [4, 5, 6, 7]
    assert [each.text for each in written if each] == [" ac", " ad", " ae"]
    assert text.text == " ac ad ae"
