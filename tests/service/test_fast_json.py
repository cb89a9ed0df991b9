"""What the fast readers recognise, and that they leave everything else to the full path."""

import numpy as np
import orjson
import pytest

from service.fast_json import read_contexts, read_images, read_series
from service.tasks.classify_api import EXAMPLES as CLASSIFY
from service.tasks.forecast_api import EXAMPLES as FORECAST
from service.tasks.next_word_api import EXAMPLES as NEXT_WORD

ROW = [float(at) for at in range(28)]
IMAGE = [[float(row + column) for column in range(28)] for row in range(28)]
FLAT = [pixel for row in IMAGE for pixel in row]


def images(value: object, **others: object) -> bytes:
    return orjson.dumps({"images": value, **others})


def series(value: object, **others: object) -> bytes:
    return orjson.dumps({"series": value, **others})


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


def moved(at: int, by: int) -> list[list[float]]:
    """As many pixels in all, but one row longer and the next one shorter."""
    rows = [list(row) for row in IMAGE]
    rows[at + 1], rows[at] = rows[at + 1][by:], rows[at] + rows[at + 1][:by]
    return rows


NOT_PLAIN_IMAGES = {
    "ragged rows": images([moved(3, 1)]),
    "two rows in one": images([moved(3, 28)]),
    "27 rows": images([IMAGE[1:]]),
    "29 rows": images([[*IMAGE, ROW]]),
    "27 bare rows": images(IMAGE[1:]),
    "28 and 26 rows": images([[*IMAGE, ROW, ROW], IMAGE[2:]]),
    "mixed layouts": images([IMAGE, FLAT]),
    "783 pixels": images([FLAT[1:]]),
    "783 bare pixels": images(FLAT[1:]),
    "a pixel one deeper": images([[[[0.0], *ROW[1:]], *IMAGE[1:]]]),
    "an empty list for a pixel": images([[[[], [1.0, 2.0], *ROW[2:]], *IMAGE[1:]]]),
    "a row one deeper": images([[[ROW], *IMAGE[1:]]]),
    "all one deeper": images([[IMAGE]]),
    "one level up": images(ROW),
    "a string": images([[["1", *ROW[1:]], *IMAGE[1:]]]),
    "a string of 28 characters": images([["x" * 28, *IMAGE[1:]]]),
    "a bracket in a string": images([IMAGE], model="["),
    "true": images([[[True, *ROW[1:]], *IMAGE[1:]]]),
    "null": images([[[None, *ROW[1:]], *IMAGE[1:]]]),
    "an object": images([[{}, *IMAGE[1:]]]),
    "negative": images([[[-1e-9, *ROW[1:]], *IMAGE[1:]]]),
    "too bright by less than float32 shows": images([[[255.000001, *ROW[1:]], *IMAGE[1:]]]),
    "no images": images([]),
    "4,097 images": images([FLAT] * 4097),
    "null images": images(None),
    "an object of images": images({"0": IMAGE}),
    "no field": b"{}",
    "an unknown field": images([IMAGE], other=1),
    "a field twice": b'{"model":null,"model":null,' + images([IMAGE])[1:],
    "the images twice": images([IMAGE])[:-1] + b"," + images([IMAGE])[1:],
    "a model that is no name": images([IMAGE], model=7),
    "a model without a name": images([IMAGE], model=""),
    "a long version": images([IMAGE], version="1" * 33),
    "no object": orjson.dumps([IMAGE]),
    "NaN": images([IMAGE]).replace(b"3.0", b"NaN"),
    "a number beyond float64": images([IMAGE]).replace(b"3.0", b"1e400"),
    "a number beyond int64": images([IMAGE]).replace(b"3.0", b"1" * 30),
    "a leading zero": images([IMAGE]).replace(b"3.0", b"03"),
    "truncated": images([IMAGE])[:-3],
    "trailing": images([IMAGE]) + b"x",
    "not UTF-8": images([IMAGE], model="digits").replace(b"digits", b"\xff"),
    "nothing": b"",
}


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


NOT_PLAIN_SERIES = {
    "deeper": series([[[1]]]),
    "a value one deeper": series([[1, [2]], [3]]),
    "an empty list inside": series([[1, []], [3]]),
    "a bracket in a string": series([[1], "["]),
    "a string": series([["1"]]),
    "a bare string": series("11"),
    "true": series([[True]]),
    "an object": series([{"[": 1}]),
    "an empty series": series([[], [1]]),
    "no series": series([]),
    "bare values among series": series([1, [2]]),
    "too large": series([[1.1e30]]),
    "too small": series([[-1.1e30]]),
    "too large beside a gap": series([[1.1e30, None]]),
    "true beside a gap": series([[True, None]]),
    "10,001 values": series([0] * 10_001),
    "4,097 series": series([[0]] * 4097),
    "horizon 0": series([1], horizon=0),
    "horizon 1,025": series([1], horizon=1025),
    "horizon 12.0": series([1], horizon=12.0),
    "horizon true": series([1], horizon=True),
    "horizon as text": series([1], horizon="3"),
    "season 0": series([1], season_length=0),
    "quantile 1": series([1], quantiles=[1.0]),
    "quantile 0": series([1], quantiles=[0]),
    "quantile true": series([1], quantiles=[True]),
    "no quantiles": series([1], quantiles=[]),
    "100 quantiles": series([1], quantiles=[0.5] * 100),
    "a bare quantile": series([1], quantiles=0.5),
    "level 100": series([1], levels=[100]),
    "50 levels": series([1], levels=[80] * 50),
    "quantiles and levels": series([1], quantiles=[0.5], levels=None),
    "NaN": b'{"series":[NaN]}',
}


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
