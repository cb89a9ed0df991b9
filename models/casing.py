"""How words are written that have capitals wherever they stand: London, Monday, I'm, FBI.

Plain data of an export, one written word a line. Standard library only.
"""

from collections.abc import Mapping


def to_text(casing: Mapping[str, str]) -> str:
    """The file: the written words, in order."""
    return "".join(f"{casing[word]}\n" for word in sorted(casing))


def from_text(text: str) -> dict[str, str]:
    """The written form of each word in lower case.

    Raises:
        ValueError: a word is written without any capital, or stands twice.
    """
    written = text.split()
    casing = {word.lower(): word for word in written}
    if len(casing) != len(written) or any(word == form for word, form in casing.items()):
        raise ValueError("not a list of words with capitals, each once")
    return casing


def capitalised(text: str) -> str:
    """The text with a capital at its start, if that is reversible: 'tis becomes 'Tis."""
    at = 1 if text[:1] == "'" else 0
    letter = text[at : at + 1]
    if letter.upper().lower() != letter.lower():
        return text
    return text[:at] + letter.upper() + text[at + 1 :]
