"""Numbers read in C are those that Python reads, and what is no JSON is not read."""

import json
import tracemalloc
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.compiled_json import COMPILED, fields_behind, read_images, read_series
from service.tasks.classify_api import ImageArrays
from service.tasks.forecast_api import SeriesArrays
from tests.service.generated_bodies import broken_body, valid_body
from tests.service.odd_bodies import IMAGE, images, series

pytestmark = pytest.mark.skipif(not COMPILED, reason="not compiled: no compiler when installed")

many = settings(max_examples=150, deadline=None)
randoms = st.integers(0, 2**32).map(Random)
digits = st.text("0123456789", min_size=1, max_size=12)
written = st.builds(
    lambda sign, whole, places, exponent: sign + whole + places + exponent,
    st.sampled_from(("", "-", "+")),
    digits,
    st.one_of(st.just(""), digits.map(".".__add__), st.just(".")),
    st.one_of(st.just(""), st.integers(-40, 40).map("e{}".format), st.just("E+3"), st.just("e")),
)
doubles = st.floats(-1e30, 1e30, allow_nan=False).map(repr)
halves = st.builds(  # nearly halfway between two float32, where rounding twice may go wrong
    lambda bits, off: repr((np.float64(np.uint32(bits).view(np.float32)) * (1 + 2**-24)) + off),
    st.integers(0x30000000, 0x5F000000),
    st.sampled_from((0.0, 1e-9, -1e-9)),
)


def numbers_in(body: bytes) -> list[float] | None:
    found = read_series(body)
    return None if found is None else np.concatenate(list(found.series)).tolist()


def as_python_reads(text: str) -> float | None:
    try:
        return float(np.float32(json.loads(text)))
    except (ValueError, OverflowError):
        return None


@many
@given(st.one_of(written, doubles, halves))
@example("-0")
@example("0.1")
@example("16777217.000000001")
@example("9999999999999999999")
def test_a_number_is_the_nearest_float32_or_not_read(text: str) -> None:
    found = numbers_in(b'{"series":[%b,1]}' % text.encode())

    assert found is None or found == [as_python_reads(text), 1.0]


@pytest.mark.parametrize(
    "text",
    ["0", "7", "-7.25", "1e5", "2.5E-3", "112.40000000000001", "1234567890123456789", "1e22"],
)
def test_usual_numbers_are_read(text: str) -> None:
    assert numbers_in(b'{"series":[' + text.encode() + b"]}") == [as_python_reads(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("01", "-", "+1", ".5", "1.", "1e", "1e+", "1e400", "1e23", "0x1", "Infinity", "NaN", ""),
        *("12345678901234567890", "1e-23", "-0", "1_0", "1 0", "true", '"1"', "nul", "[]", "1e31"),
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert numbers_in(b'{"series":[' + text.encode() + b"]}") is None
    assert numbers_in(b'{"series":[[1,' + text.encode() + b"]]}") is None


@many
@given(randoms)
def test_series_are_those_that_python_reads(random: Random) -> None:
    body = valid_body(random, "/forecast")
    found, told = read_series(body), json.loads(body)

    if found is None:  # another field comes first, or a number is written in a rare way
        return
    given = told["series"] if isinstance(told["series"][0], list) else [told["series"]]
    with np.errstate(over="ignore"):
        expected = [np.array(each, dtype=np.float64).astype(np.float32) for each in given]
    assert len(found.series) == len(expected)
    for read, right in zip(found.series, expected, strict=True):
        np.testing.assert_array_equal(read, right)
    assert (found.horizon, found.model) == (told.get("horizon"), told.get("model"))


@many
@given(randoms, st.sampled_from(("/forecast", "/classify")))
def test_what_python_cannot_read_is_not_read(random: Random, path: str) -> None:
    body = broken_body(random, path)
    found: ImageArrays | SeriesArrays | None
    try:
        found = read_series(body) if path == "/forecast" else read_images(body)
    except (ValueError, TypeError):
        return

    if found is not None:
        json.loads(body)


@many
@given(st.integers(1, 3), randoms)
def test_images_are_those_that_were_sent(n_images: int, random: Random) -> None:
    pixels = [[[random.choice((0, 0, 9, 10, 255, 0.5)) for _ in range(28)] for _ in range(28)]]
    pixels *= n_images
    text = json.dumps({"images": pixels}, indent=random.choice((None, None, 1)))
    cut = random.randrange(len(text))

    found = read_images(text.encode())
    assert found is not None
    np.testing.assert_array_equal(found.images, np.array(pixels, np.float32))
    assert read_images(text[:cut].encode()) is None


@pytest.mark.parametrize("pixel", ["256", "1000", "-1", "00", "01", "1.", "255.000001", "null", ""])
def test_what_is_no_grey_level_is_not_read(pixel: str) -> None:
    body = images([IMAGE]).replace(b"0.0", pixel.encode(), 1)

    assert read_images(body) is None


@pytest.mark.parametrize("character", [b"[", b",", b"0", b"[0,", b"[["])
def test_a_body_that_only_promises_numbers_takes_no_memory_for_them(character: bytes) -> None:
    body = character * (1_000_000 // len(character))
    tracemalloc.start()
    try:
        assert read_images(b'{"images":[' + body) is None
        assert read_series(b'{"series":[' + body) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 6 * len(body)


def test_an_image_may_come_with_the_name_of_a_model() -> None:
    found = read_images(images([IMAGE], model="[", version=None))

    assert found is not None
    assert (found.model, found.version) == ("[", None)


def test_series_may_come_with_everything_else() -> None:
    found = read_series(series([[1, None], [2, 3]], horizon=3, season_length=2, quantiles=[0.5]))

    assert found is not None
    np.testing.assert_array_equal(found.series[0], [1, np.nan])
    assert (found.horizon, found.season_length, found.quantiles) == (3, 2, [0.5])


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (b"}", {}),
        (b"} \n", {}),
        (b',"model":"a"}', {"model": "a"}),
        (b' , "model" : null }', None),  # blanks before a comma are behind the numbers already
        (b',\t"model" : null }\r\n', {"model": None}),
        (b",}", None),
        (b", }", None),
        (b"", None),
        (b"}}", None),
        (b"]}", None),
        (b',"model":"a"', None),
        (b',"model":"a","model":"b"}', None),
        (b',"other":1}', None),
        (b',"model":1}', None),
        (b',"model":""}', None),
    ],
)
def test_fields_behind_the_numbers(text: bytes, fields: dict[str, object] | None) -> None:
    try:
        found = fields_behind(text, frozenset({"model"}))
    except ValueError:
        found = None

    assert found == fields


def test_of_a_tail_that_came_before_each_request_has_its_own_list() -> None:
    body = b'{"series": [[1, 2]], "quantiles": [0.2, 0.9]}'
    first, second = read_series(body), read_series(body)

    assert first is not None
    assert second is not None
    assert first.quantiles == second.quantiles == [0.2, 0.9]
    assert first.quantiles is not second.quantiles


def test_a_long_tail_is_read_each_time() -> None:
    quantiles = [n / 1000 for n in range(1, 90)]
    body = json.dumps({"series": [[1, 2]], "quantiles": quantiles}).encode()

    for _ in range(2):
        found = read_series(body)
        assert found is not None
        assert found.quantiles == quantiles
