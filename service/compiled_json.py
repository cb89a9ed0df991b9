"""Plain JSON whose numbers come first, read in C where that was compiled when this was installed.

The numbers are those of ``service/numbers.c``; what stands behind them is read here. As every fast
reader, these return exactly what the full path would make of the body, or None: then another reader
decides.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from service.plain_bodies import (
    OF_IMAGES,
    OF_SERIES,
    Fields,
    are_chosen,
    cut,
    series_request,
)
from service.tasks.classify_api import SIDE, ImageArrays
from service.tasks.contract import MAX_ITEMS
from service.tasks.forecast_api import LARGEST, MAX_POINTS, SeriesArrays

try:
    from service.numbers import grids, lists
except ImportError:  # no compiler was there: all that is missing is speed
    COMPILED = False
else:
    COMPILED = True

BESIDE_IMAGES = OF_IMAGES - {"images"}
BESIDE_SERIES = OF_SERIES - {"series"}
NOTHING_ELSE: Fields = {}
BLANKS = b" \t\r\n"
SHORT = 128


def read_images(body: bytes) -> ImageArrays | None:
    """The body of a /classify request with nested images."""
    found = grids(body, "images", SIDE) if COMPILED else None
    if found is None:
        return None
    greys, end = found
    return images_request(greys, body[end:])


def images_request(greys: bytearray, behind: bytes) -> ImageArrays | None:
    """The request for images, one after the other in ``greys``, and the text ``behind`` them."""
    fields = fields_behind(behind, BESIDE_IMAGES)
    images = np.frombuffer(greys, np.float32).reshape(-1, SIDE, SIDE)
    if fields is None or len(images) > MAX_ITEMS:
        return None
    return ImageArrays(images, fields.get("model"), fields.get("version"))


def read_series(body: bytes) -> SeriesArrays | None:
    """The body of a /forecast request.

    Raises:
        ValueError, TypeError: the quantiles or levels are not plain.
    """
    found = lists(body, "series", LARGEST) if COMPILED else None
    if found is None:
        return None
    (numbers, lengths, gaps), end = found
    return lists_request(numbers, lengths, behind=body[end:], gaps=bool(gaps))


def lists_request(
    numbers: bytearray, lengths: list[int], *, behind: bytes, gaps: bool
) -> SeriesArrays | None:
    """The request for series, one after the other in ``numbers``, and the text ``behind`` them.

    Raises:
        ValueError, TypeError: the quantiles or levels are not plain.
    """
    fields = fields_behind(behind, BESIDE_SERIES)
    if fields is None or len(lengths) > MAX_ITEMS or max(lengths) > MAX_POINTS:
        return None
    values = np.frombuffer(numbers, np.float32)
    series = np.split(values, np.cumsum(lengths[:-1])) if gaps else cut(values, lengths)
    return series_request(fields, series)


def fields_behind(text: bytes, known: frozenset[str]) -> Fields | None:
    """The other fields of an object, from behind its first one to the end of the body.

    Most clients send the same ones with every request, so the latest short texts are remembered.
    """
    if text == b"}":
        return NOTHING_ELSE
    return _remembered(text, known) if len(text) <= SHORT else _fields(text, known)


def _fields(text: bytes, known: frozenset[str]) -> Fields | None:
    if not text.startswith(b","):
        return NOTHING_ELSE if text.strip(BLANKS) == b"}" else None
    rest = text[1:].lstrip(BLANKS)
    if not rest.startswith(b'"'):  # else a comma might be the last thing in the object
        return None
    fields: Any = orjson.loads(b"{" + rest)
    # Of two fields of one name the parser keeps one; a colon inside a name is nobody's.
    alone = rest.count(b":") == len(fields)
    return fields if alone and known.issuperset(fields) and are_chosen(fields) else None


_remembered = lru_cache(maxsize=256)(_fields)
