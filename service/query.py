"""The query of a request whose body has no place for options, read as fields."""

from typing import Any
from urllib.parse import parse_qsl

LISTS = ("quantiles", "levels")
TEXTS = ("model", "version")
FLAGS = ("trace",)
TRUTH = {"true": True, "1": True, "false": False, "0": False}


def fields_of(query: str) -> dict[str, Any]:
    """Numbers and truth where they are, lists separated by commas or repeated, and texts."""
    fields: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name in LISTS:
            fields.setdefault(name, []).extend(map(_number, text.split(",")))
        elif name in TEXTS:
            fields[name] = text
        else:
            fields[name] = flag(text) if name in FLAGS else _number(text)
    return fields


def flag(text: str) -> object:
    """True or false; the text itself where it is neither, for validation to refuse."""
    return TRUTH.get(text.lower(), text)


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
