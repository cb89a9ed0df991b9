"""Large bodies read item by item: the same requests, or none."""

import json

import numpy as np
import pytest

from service.fast_json import read_images, read_series
from service.fast_pieces import read_many_images, read_many_series
from tests.service.odd_bodies import FLAT, IMAGE, NOT_PLAIN_IMAGES, NOT_PLAIN_SERIES

ROWS = [[1.5, 2, -3], [4], [5, None, 6e3]]
STYLES = {
    "compact": {"separators": (",", ":")},
    "spaced": {},
    "indented": {"indent": 2},
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_series_are_those_of_the_whole(style: dict[str, object]) -> None:
    fields = {"horizon": 4, "series": ROWS, "levels": [80], "model": "x"}
    body = json.dumps(fields, **style).encode()  # type: ignore[arg-type]
    found, whole = read_many_series(body), read_series(body)

    assert found is not None
    assert whole is not None
    for one, other in zip(found.series, whole.series, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (found.horizon, found.levels, found.model) == (4, [80.0], "x")


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("image", [IMAGE, FLAT], ids=["nested", "flat"])
def test_images_are_those_of_the_whole(style: dict[str, object], image: object) -> None:
    body = json.dumps({"version": "1", "images": [image] * 3}, **style).encode()  # type: ignore[arg-type]
    found, whole = read_many_images(body), read_images(body)

    assert found is not None
    assert whole is not None
    np.testing.assert_array_equal(found.images, whole.images)
    assert (found.model, found.version) == (None, "1")


@pytest.mark.parametrize("body", NOT_PLAIN_SERIES.values(), ids=NOT_PLAIN_SERIES)
def test_what_is_no_plain_series_is_left_alone(body: bytes) -> None:
    assert read_many_series(body) is None


@pytest.mark.parametrize("body", NOT_PLAIN_IMAGES.values(), ids=NOT_PLAIN_IMAGES)
def test_what_is_no_plain_image_is_left_alone(body: bytes) -> None:
    assert read_many_images(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"series":[[1],[2]],"series":[[3]]}',
        b'{"model":"\\"series\\":[[1]]"}',
        b'{"a\\"series":[[1]]}',
        b'{"series":[[1],[2]}',
        b'{"series":[[1],[2]]]}',
        b'{"series":[[1],,[2]]}',
        b'{"series":[[1][2]]}',
        b'{"other":{"series":[[1]]}}',
        b'{"series":0,"levels":[[1]]}',
        b'{"series":[[1],[2]]',
        b'{"series":[[1],[2],]}',
        b'{"series":[[1],[2]],"horizon":0}',
    ],
)
def test_what_only_looks_like_items_is_left_alone(body: bytes) -> None:
    assert read_many_series(body) is None
