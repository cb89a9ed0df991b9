"""Large plain JSON, read item by item.

A parser keeps Python's lock from the first byte of its input to the last, so that a thread of its
own helps nobody while it reads 8 MB at once. Cut between its items, the same body leaves the event
loop a turn after every one of them.

A body is cut only where brackets and commas stand exactly as between items. Every piece must be a
valid item, and the body with one plain item in place of them all a valid request: then the whole
is one, too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import simdjson

from service.fast_json import UNRECOGNISED, read_images, read_series, series_in
from service.rows import Array
from service.tasks.classify_api import ImageArrays
from service.tasks.contract import MAX_ITEMS
from service.tasks.forecast_api import SeriesArrays

PLACEHOLDER = b"[[0]]"


class Cutter:
    """Cuts the items out of the array in field ``name``; each item is ``depth`` arrays deep."""

    def __init__(self, name: bytes, depth: int) -> None:
        self._first = re.compile(rb'"' + name + rb'"\s*:\s*(?=\[)\[\s*' + rb"\[\s*" * depth)
        self._next = re.compile(
            rb"\]\s*" * depth + rb"(?:,\s*" + rb"\[\s*" * (depth - 1) + rb"\[|(\]))"
        )
        self._name = name
        self._open, self._close = b"[" * depth, b"]" * depth

    def items(self, body: bytes, rest: list[bytes]) -> Iterator[bytes]:
        """Every item with its brackets; at the end ``rest`` gets the body without them.

        Raises:
            ValueError: the body cannot be cut like this.
        """
        begin = self._first.search(body)
        if begin is None:
            raise ValueError
        start, last = begin.end(), False
        while not last:
            end = self._next.search(body, start)
            if end is None:
                raise ValueError
            yield self._open + body[start : end.start()] + self._close
            start, last = end.end(), end.group(1) is not None
        name = b'"' + self._name + b'":'
        rest.append(body[: begin.start()] + name + PLACEHOLDER + body[start:])


SERIES = Cutter(b"series", 1)
IMAGES = Cutter(b"images", 2)
FLAT_IMAGES = Cutter(b"images", 1)


def read_many_series(body: bytes) -> SeriesArrays | None:
    """As ``read_series``, item by item."""
    series: list[Array] = []
    rest: list[bytes] = []
    try:
        for item in SERIES.items(body, rest):
            parsed: Any = simdjson.Parser().parse(item)
            one = series_in(parsed, item.count(b"["))
            if one is None or len(series) == MAX_ITEMS:
                return None
            series.append(one[0])
        options = read_series(rest[0])
    except UNRECOGNISED:
        return None
    return None if options is None else replace(options, series=series)


def read_many_images(body: bytes) -> ImageArrays | None:
    """As ``read_images``, item by item."""
    return _images(IMAGES, body) or _images(FLAT_IMAGES, body)


def _images(cutter: Cutter, body: bytes) -> ImageArrays | None:
    images: list[Array] = []
    rest: list[bytes] = []
    try:
        for item in cutter.items(body, rest):
            one = read_images(b'{"images":[' + item + b"]}")
            if one is None or len(one.images) != 1 or len(images) == MAX_ITEMS:
                return None
            images.append(one.images)
    except UNRECOGNISED:
        return None
    one_flat = b"[[" + b"0," * 783 + b"0]]"
    chosen = read_images(rest[0].replace(PLACEHOLDER, one_flat))
    return None if chosen is None else replace(chosen, images=np.concatenate(images))
