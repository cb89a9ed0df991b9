"""Text to words and words to ids, the same for training and service. Standard library only.

The rules are plain data that an export carries in its manifest, so an old export keeps the
tokenizer that it was trained with.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

PADDING = "<pad>"
UNKNOWN = "<unk>"
NUMBER = "<number>"
PARAGRAPH = "<paragraph>"
PADDING_ID = 0
UNKNOWN_ID = 1

_LETTER = r"[^\W\d_]"
_ONE_WORD = "it he she that what there here who where how let when why one everything nothing"

DEFAULT_SPEC: dict[str, Any] = {
    "lowercase": True,
    "replacements": [
        *[[odd, ""] for odd in ("\ufeff", "\u200b", "\u2060", "\u00ad")],
        *[[odd, "'"] for odd in ("\u2018", "\u2019", "`")],
        *[[odd, '"'] for odd in ("\u201c", "\u201d")],
        ["\u2014", "--"],
        ["\u2013", "-"],
        ["\u2026", "..."],
        ["_", " "],
    ],
    # A named group is shown as what "tokens" says; anything else as it is.
    "pattern": "|".join(
        [
            # "it's" stays one word, "girl's" becomes "girl" and "'s": names are many.
            rf"(?:{'|'.join(_ONE_WORD.split())})'s(?!{_LETTER})",
            rf"{_LETTER}+(?:'(?!s(?!{_LETTER})){_LETTER}+)*",
            rf"'(?:s|em|tis|twas|til|cause)(?!{_LETTER})",
            r"(?P<number>\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?)",
            r"(?P<ellipsis>\.(?:\s?\.)+)",
            r"(?P<dash>--+)",
            r"[^\w\s]",
            r"(?P<paragraph>\n[^\S\n]*\n\s*)",
        ]
    ),
    "tokens": {"number": NUMBER, "ellipsis": "...", "dash": "--", "paragraph": PARAGRAPH},
}


@dataclass(frozen=True)
class Tokenizer:
    """Lower-cased words, contractions in one piece, punctuation marks and blank lines.

    Source: the rules are in ``DEFAULT_SPEC``; a manifest carries its own.
    """

    pattern: str
    tokens: Mapping[str, str]
    replacements: tuple[tuple[str, str], ...]
    lowercase: bool

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """Build from plain data.

        Raises:
            ValueError: a rule is missing, unknown, or its pattern does not compile.
        """
        try:
            tokenizer = cls(
                pattern=str(spec["pattern"]),
                tokens=dict(spec["tokens"]),
                replacements=tuple((odd, plain) for odd, plain in spec["replacements"]),
                lowercase=bool(spec["lowercase"]),
            )
            groups = tokenizer._compiled.groupindex
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise ValueError(f"not the rules of a tokenizer: {error!r}") from error
        if set(groups) != set(tokenizer.tokens):
            raise ValueError(f"tokens {sorted(tokenizer.tokens)} for groups {sorted(groups)}")
        return tokenizer

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def words(self, text: str) -> list[str]:
        """Cut ``text`` into words and marks, in order."""
        text = self.plain(text)
        if self.lowercase:
            text = text.lower()
        named = self.tokens
        return [
            named[match.lastgroup] if match.lastgroup else match.group()
            for match in self._compiled.finditer(text)
        ]

    def plain(self, text: str) -> str:
        """``text`` with plain quotes and dashes in the place of curly and long ones."""
        for odd, plain in self.replacements:
            text = text.replace(odd, plain)
        return text


class Vocabulary:
    """The words that a model knows; a word's id is its line in the vocabulary file.

    Padding comes first, the unknown word second. All that is no word for people (marks, numbers,
    blank lines) comes before ``first_word_id``.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        if self.words[:2] != (PADDING, UNKNOWN):
            raise ValueError(f"a vocabulary starts with {PADDING} and {UNKNOWN}")
        self._ids = {word: number for number, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            raise ValueError("a word stands twice in the vocabulary")
        shown = (number for number, word in enumerate(self.words) if is_shown(word))
        self.first_word_id = next(shown, len(self.words))

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the vocabulary file: one word a line."""
        return cls(text.removesuffix("\n").split("\n"))

    def to_text(self) -> str:
        """The vocabulary file."""
        return "\n".join(self.words) + "\n"

    def ids(self, words: Iterable[str]) -> list[int]:
        """Ids of ``words``; what is not in the vocabulary is the unknown word."""
        known = self._ids
        return [known.get(word, UNKNOWN_ID) for word in words]

    def context(self, words: list[str], length: int) -> list[int]:
        """The last ``length`` words as ids, padded on the left."""
        newest = self.ids(words[-length:]) if length else []
        return [PADDING_ID] * (length - len(newest)) + newest


def is_shown(word: str) -> bool:
    """Whether people want ``word`` suggested: a word, no mark and no special."""
    return word[0].isalpha() or (word[0] == "'" and len(word) > 2)
