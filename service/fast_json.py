"""The plain JSON of the prediction endpoints, read without a Python object for every number.

Each reader returns exactly what the full path would make of the body, or None: then the full path
decides. Readers never refuse. What they recognise is proven by ``tests/service/test_fast_equal.py``
to be read alike by both.

Numbers are read by ``service.compiled_json`` where that was compiled and knows the body, else by
simdjson. That hands out nested arrays as one flat buffer, which hides how they were nested: rows of
other lengths, deeper lists, even empty ones. So every array is counted twice: the lengths of those
where arrays belong, and all brackets of the body, so that there are no others. (A bracket inside a
string only makes the counts differ: the full path decides.)
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import simdjson

from service import compiled_json
from service.plain_bodies import (
    OF_CONTEXTS,
    OF_IMAGES,
    OF_SERIES,
    Fields,
    are_chosen,
    are_flags,
    cut,
    is_whole,
    series_request,
)
from service.rows import Array
from service.tasks.classify_api import PIXELS, SIDE, ImageArrays
from service.tasks.contract import MAX_ITEMS
from service.tasks.forecast_api import LARGEST, MAX_POINTS, SeriesArrays
from service.tasks.next_word_api import MAX_CHARACTERS, MAX_TOP_K, NextWordRequest

# Whatever simdjson, numpy or Python say about a body that is not the plain case.
UNRECOGNISED = (ValueError, TypeError, AttributeError, KeyError, RuntimeError, OverflowError)
# What numbers are made of, and what may stand between them.
IN_NUMBERS = b"0123456789+-.eE \t\r\n"
SKELETON_OF_NONE = b'{"images":[]}'.translate(None, IN_NUMBERS)
SKELETON_OF_ONE = b"[" + b",".join([b"[" + b"," * (SIDE - 1) + b"]"] * SIDE) + b"]"
MOST_COMPARED = 64


def read_images(body: bytes) -> ImageArrays | None:
    """The body of a /classify request."""
    try:
        if found := compiled_json.read_images(body):
            return found
        return _parsed_images(body)
    except UNRECOGNISED:
        return None


def _parsed_images(body: bytes) -> ImageArrays | None:
    if nested_images_only(body):
        document: Any = simdjson.Parser().parse(body)
        fields: Fields = {"images": document["images"]}
    else:
        found = _fields(body, OF_IMAGES)
        if found is None or not _are_images(found["images"], body.count(b"[")):
            return None
        fields = found
    pixels = np.frombuffer(fields["images"].as_buffer(of_type="d"))
    if not 0 < len(pixels) <= MAX_ITEMS * PIXELS or np.maximum.reduce(pixels) > 255:
        return None
    if b"-" in body and np.minimum.reduce(pixels) < 0:
        return None
    grey = pixels.astype(np.float32).reshape(-1, SIDE, SIDE)
    return ImageArrays(grey, fields.get("model"), fields.get("version"))


def nested_images_only(body: bytes) -> int:
    """How many images there are if the body holds nested ones and nothing else, else 0.

    What is left without numbers and blanks must be the brackets and commas of so many images, which
    proves the shape of all arrays if the body is JSON: cheaper than to ask for 28 lengths. The
    name of the field is not proven, as there might be blanks or an ``e`` too many in it.
    """
    skeleton = body.translate(None, IN_NUMBERS)
    n_images, rest = divmod(len(skeleton) - len(SKELETON_OF_NONE) + 1, len(SKELETON_OF_ONE) + 1)
    if rest or not 0 < n_images <= MOST_COMPARED or skeleton != _skeleton(n_images):
        return 0
    return n_images


@lru_cache(maxsize=MOST_COMPARED)
def _skeleton(n_images: int) -> bytes:
    return SKELETON_OF_NONE[:-2] + b",".join([SKELETON_OF_ONE] * n_images) + b"]}"


def _are_images(images: Sequence[Any], brackets: int) -> bool:
    """Whether all images, or the one bare image, are 28 rows of 28 or 784 pixels."""
    if brackets == 1:
        return len(images) == PIXELS
    if brackets == 1 + len(images):
        lengths = {len(image) for image in images}
        return lengths == {PIXELS} or (lengths == {SIDE} and len(images) == SIDE)
    if brackets != 1 + (1 + SIDE) * len(images):
        return False
    lengths = {len(row) for image in images for row in image}
    return lengths == {SIDE} and all(len(image) == SIDE for image in images)


def read_series(body: bytes) -> SeriesArrays | None:
    """The body of a /forecast request."""
    try:
        if found := compiled_json.read_series(body):
            return found
        fields = _fields(body, OF_SERIES)
        if fields is None:
            return None
        others = sum(type(field) is simdjson.Array for field in fields.values()) - 1
        series = series_in(fields["series"], body.count(b"[") - others)
        return None if series is None else series_request(fields, series)
    except UNRECOGNISED:
        return None


def series_in(series: Any, brackets: int) -> Sequence[Array] | Array | None:
    """Each series as float32; a matrix where all are equally long and nothing is missing.

    ``brackets`` are the opening ones in the text of ``series``, which may be a bare one.
    """
    bare = brackets == 1
    lengths = [len(series)] if bare else [len(each) for each in series]
    if not (len(lengths) == brackets - 1 or bare) or not 1 <= len(lengths) <= MAX_ITEMS:
        return None
    if min(lengths) < 1 or max(lengths) > MAX_POINTS:
        return None
    try:
        values = np.frombuffer(series.as_buffer(of_type="d"))
    except TypeError:  # null, or something that is no number
        return _gappy([series.as_list()] if bare else series.as_list())
    if np.minimum.reduce(values) < -LARGEST or np.maximum.reduce(values) > LARGEST:
        return None
    return cut(values.astype(np.float32), lengths)


def _gappy(series: list[list[object]]) -> list[Array] | None:
    """Series in which null means that a value is missing."""
    if not {kind for each in series for kind in map(type, each)} <= {float, int, type(None)}:
        return None
    values = [np.array(each, dtype=np.float64) for each in series]
    if any((np.abs(each) > LARGEST).any() for each in values):
        return None
    return [each.astype(np.float32) for each in values]


def read_contexts(body: bytes) -> NextWordRequest | None:
    """The body of a /next-word request; text gains nothing from simdjson."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(fields) is not dict or not OF_CONTEXTS.issuperset(fields):
        return None
    contexts, top_k = fields.get("contexts"), fields.get("top_k", 5)
    if type(contexts) is str:
        contexts = [contexts]
    if type(contexts) is not list or not 1 <= len(contexts) <= MAX_ITEMS:
        return None
    if not all(type(each) is str and len(each) <= MAX_CHARACTERS for each in contexts):
        return None
    if (
        top_k is None
        or not is_whole(top_k, MAX_TOP_K)
        or not are_chosen(fields)
        or not are_flags(fields)
    ):
        return None
    return NextWordRequest.model_construct(
        contexts=contexts,
        top_k=top_k,
        unfinished=fields.get("unfinished", False),
        capitalize=fields.get("capitalize", False),
        marks=fields.get("marks", False),
        start=fields.get("start", True),
        model=fields.get("model"),
        version=fields.get("version"),
    )


def _fields(body: bytes, known: frozenset[str]) -> Fields | None:
    """The fields of an object with none but ``known`` ones, each once, and a valid choice."""
    # A parser of its own: a used one is no faster, and refuses to work while a document lives.
    document: Any = simdjson.Parser().parse(body)
    # Not items(): it would make lists of the arrays.
    fields = {name: document[name] for name in document.keys()}  # noqa: SIM118 - no dict
    if len(fields) != len(document) or not known.issuperset(fields) or not are_chosen(fields):
        return None
    return fields
