"""What the fast readers recognise, and that they leave everything else to the full path."""

import numpy as np
import orjson
import pytest

from service.fast_json import read_contexts, read_images, read_series
from service.tasks.classify_api import EXAMPLES as CLASSIFY
from service.tasks.forecast_api import EXAMPLES as FORECAST
from service.tasks.next_word_api import EXAMPLES as NEXT_WORD
from tests.service.odd_bodies import FLAT, IMAGE, NOT_PLAIN_IMAGES, NOT_PLAIN_SERIES, images, series


@pytest.mark.parametrize("example", [*CLASSIFY, *FORECAST, *NEXT_WORD])
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
