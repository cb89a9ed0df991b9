"""What the fast readers recognise, and that they leave everything else to the full path."""

from collections.abc import Callable, Iterator

import numpy as np
import orjson
import pytest

from service.fast_json import (
    MOST_COMPARED,
    nested_images_only,
    read_contexts,
    read_images,
    read_series,
)
from service.tasks.classify_api import EXAMPLES as CLASSIFY
from service.tasks.forecast_api import EXAMPLES as FORECAST
from service.tasks.next_word_api import EXAMPLES as NEXT_WORD
from tests.service.odd_bodies import FLAT, IMAGE, NOT_PLAIN_IMAGES, NOT_PLAIN_SERIES, images, series
from tests.service.readers import READERS, read_by

RARE = {"trace"}  # left to the full path


@pytest.fixture(autouse=True, params=READERS)
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    with read_by(request.param):
        yield


@pytest.mark.parametrize("example", sorted({*CLASSIFY, *FORECAST, *NEXT_WORD} - RARE))
def test_every_example_of_the_page_is_recognised(example: str) -> None:
    found = []
    readers = ((CLASSIFY, read_images), (FORECAST, read_series), (NEXT_WORD, read_contexts))
    for examples, read in readers:
        if example in examples:
            found.append(read(orjson.dumps(examples[example]["value"])))

    assert found
    assert None not in found


@pytest.mark.parametrize(
    ("value", "n_images"),
    [
        pytest.param([IMAGE], 1, id="one"),
        pytest.param([IMAGE] * 3, 3, id="several"),
        pytest.param([IMAGE] * 28, 28, id="as many as rows"),
        pytest.param(IMAGE, 1, id="bare"),
        pytest.param([FLAT] * 2, 2, id="flat"),
        pytest.param([FLAT] * 28, 28, id="flat, as many as rows"),
        pytest.param(FLAT, 1, id="flat and bare"),
    ],
)
def test_images_in_every_plain_layout(value: object, n_images: int) -> None:
    found = read_images(images(value, model="digits", version=None))

    assert found is not None
    assert (found.model, found.version) == ("digits", None)
    assert found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images, np.array([IMAGE] * n_images, dtype=np.float32))


@pytest.mark.parametrize("body", NOT_PLAIN_IMAGES.values(), ids=NOT_PLAIN_IMAGES)
def test_what_is_no_plain_image_is_left_to_the_full_path(body: bytes) -> None:
    assert read_images(body) is None


@pytest.mark.parametrize("n_images", [1, 2, MOST_COMPARED])
def test_nested_images_and_nothing_else_are_seen_at_a_glance(n_images: int) -> None:
    image = [[(at * 28 + column) % 256 for column in range(28)] for at in range(28)]
    text = orjson.dumps({"images": [image] * n_images})
    spaced = text.replace(b",", b" ,\n ").replace(b"[", b"[\t").replace(b" 7 ", b" 0.7e+1 ")
    for body in (text, b" " + spaced + b"\r\n"):
        assert nested_images_only(body) == n_images
        request = read_images(body)
        assert request is not None
        assert request.images.tolist() == [image] * n_images


def one_row_more(text: bytes) -> bytes:
    return text.replace(b"]]]", b"],[" + b"1," * 27 + b"1]]]")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"]]]", b",1]]]"),
        lambda text: text.replace(b"1,1],", b"1],", 1),
        lambda text: text.replace(b"1],[1,1", b"1,1],[1", 1),  # the right number of pixels
        one_row_more,
        lambda text: text.replace(b"}", b',"model":"x"}'),
        lambda text: text.replace(b"1", b"null", 1),
        lambda text: text.replace(b"1", b'"1"', 1),
        lambda text: text.replace(b"[[[", b"[[[[").replace(b"]]]", b"]]]]"),
    ],
)
def test_anything_else_is_not(change: Callable[[bytes], bytes]) -> None:
    text = orjson.dumps({"images": [[[1] * 28] * 28]})

    assert nested_images_only(text) == 1
    assert nested_images_only(change(text)) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"images"', b'"imageees"'),
        (b'"images"', b'"im ages"'),
        (b"1,1,", b"1,,"),
        (b"1,1,", b"1,1 1,"),
        (b"1,1,", b"1,-1,"),
        (b"1,1,", b"1,256,"),
        (b"1,1,", b"1,1e3,"),
        (b"1,1,", b"1,+1,"),
    ],
)
def test_what_only_looks_like_images_at_a_glance_is_left_to_the_full_path(
    old: bytes, new: bytes
) -> None:
    body = orjson.dumps({"images": [[[1] * 28] * 28]}).replace(old, new, 1)

    assert nested_images_only(body) == 1
    assert read_images(body) is None


def test_series_of_one_length_become_a_matrix() -> None:
    found = read_series(series([[1, 2.5], [-3, 1e30]], horizon=4, season_length=2, levels=[80]))

    assert found is not None
    assert isinstance(found.series, np.ndarray)
    assert found.series.dtype == np.float32
    np.testing.assert_array_equal(found.series, np.array([[1, 2.5], [-3, 1e30]], np.float32))
    assert (found.horizon, found.season_length, found.levels) == (4, 2, [80.0])


def test_a_bare_series_is_a_matrix_of_one_row() -> None:
    found = read_series(series([1, 2, 3]))

    assert found is not None
    np.testing.assert_array_equal(found.series, [[1, 2, 3]])


def test_series_of_several_lengths_and_with_gaps_are_arrays() -> None:
    ragged = read_series(series([[1], [2, 3, 4], [5, 6]]))
    gappy = read_series(series([[1, None], [None, 4]]))

    assert ragged is not None
    assert [each.tolist() for each in ragged.series] == [[1], [2, 3, 4], [5, 6]]
    assert gappy is not None
    np.testing.assert_array_equal(gappy.series[0], [1, np.nan])
    np.testing.assert_array_equal(gappy.series[1], [np.nan, 4])


@pytest.mark.parametrize("body", NOT_PLAIN_SERIES.values(), ids=NOT_PLAIN_SERIES)
def test_what_is_no_plain_series_is_left_to_the_full_path(body: bytes) -> None:
    assert read_series(body) is None


def test_contexts_with_and_without_their_list() -> None:
    for body in (b'{"contexts":"to be","top_k":2}', b'{"contexts":["to be"],"top_k":2}'):
        found = read_contexts(body)
        assert found is not None
        assert (found.contexts, found.top_k, found.model) == (["to be"], 2, None)


NOT_PLAIN_CONTEXTS = {
    "a number": b'{"contexts":[1]}',
    "none": b'{"contexts":[]}',
    "4,097": orjson.dumps({"contexts": [""] * 4097}),
    "too long": orjson.dumps({"contexts": "x" * 100_001}),
    "top_k 0": b'{"contexts":"a","top_k":0}',
    "top_k 101": b'{"contexts":"a","top_k":101}',
    "top_k null": b'{"contexts":"a","top_k":null}',
    "top_k 2.0": b'{"contexts":"a","top_k":2.0}',
    "unknown field": b'{"contexts":"a","x":0}',
    "a model that is no name": b'{"contexts":"a","model":1}',
    "a list": b'["a"]',
    "no JSON": b'{"contexts":"a"',
    "byte order mark": b'\xef\xbb\xbf{"contexts":"a"}',
    "nothing": b"{}",
}


@pytest.mark.parametrize("body", NOT_PLAIN_CONTEXTS.values(), ids=NOT_PLAIN_CONTEXTS)
def test_what_is_no_plain_context_is_left_to_the_full_path(body: bytes) -> None:
    assert read_contexts(body) is None
