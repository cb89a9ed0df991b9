"""NumPy files as bodies: equal to the same numbers in JSON, and refused where they are odd."""

import io

import httpx
import numpy as np
import pytest
from numpy.lib import format as npy

from service.errors import BrokenArray, InvalidInput
from service.npy import array_of, images_of, series_of
from service.rows import Array
from tests.service.npy_bodies import packed

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]
NPY = {"Content-Type": "application/x-npy"}
IMAGES = (np.arange(3 * 28 * 28) % 251).reshape(3, 28, 28)
SERIES = np.array([[1.5, np.nan, 3, 4], [np.nan, np.nan, 7, 8.25]])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float64", ">f4", ">u2"])
async def test_images_of_any_number_are_answered_as_in_json(
    client: httpx.AsyncClient, dtype: str
) -> None:
    json = await client.post("/classify", json={"images": IMAGES.tolist()})
    body = packed(IMAGES.astype(dtype))
    for media in ("application/x-npy", "application/octet-stream"):
        response = await client.post("/classify", content=body, headers={"Content-Type": media})
        assert response.content == json.content


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(IMAGES[0], id="one"),
        pytest.param(IMAGES[:1].reshape(1, 784), id="flat"),
        pytest.param(np.asfortranarray(IMAGES[0]), id="column by column"),
    ],
)
def test_images_of_every_layout(array: Array) -> None:
    np.testing.assert_array_equal(images_of(packed(array), "model=x").images, IMAGES[:1])
    assert images_of(packed(array), "model=x&version=7").version == "7"


async def test_series_are_answered_as_in_json(client: httpx.AsyncClient) -> None:
    rows = [[None if np.isnan(value) else value for value in row] for row in SERIES]
    asked = {"horizon": 4, "levels": [80, 95.5], "model": "forecaster", "season_length": 2}
    json = await client.post("/forecast", json={"series": rows, **asked})
    query = "horizon=4&levels=80,95.5&model=forecaster&season_length=2"
    response = await client.post(f"/forecast?{query}", content=packed(SERIES), headers=NPY)
    alone = await client.post("/forecast", content=packed(SERIES[1]), headers=NPY)

    assert response.status_code == 200
    assert response.content == json.content
    assert len(alone.json()["forecasts"]) == 1


def test_series_without_gaps_stay_a_matrix() -> None:
    found = series_of(packed(np.ones((2, 5), np.float32)), "quantiles=0.5&quantiles=0.1")

    assert isinstance(found.series, np.ndarray)
    assert found.asked_quantiles() == (0.1, 0.5)


@pytest.mark.parametrize(
    ("array", "place"),
    [
        (np.full((2, 28, 28), 256), "images.0.0.0"),
        (np.where(np.arange(784).reshape(28, 28) == 30, np.nan, 1), "images.0.1.2"),
        (np.full((1, 784), -1e-9), "images.0.0"),
        (np.zeros((28, 27)), "images"),
        (np.zeros((0, 28, 28)), "images"),
        (np.zeros((4097, 28, 28), np.uint8), "images"),
        (np.zeros((1, 1, 28, 28)), "images"),
        (np.zeros(784), "images"),
    ],
)
def test_images_that_are_none_are_refused_with_their_place(array: Array, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        images_of(packed(array), "")
    assert caught.value.faults[0].location == place


@pytest.mark.parametrize(
    ("array", "query", "place"),
    [
        (np.array([[1, np.inf]]), "", "series.0.1"),
        (np.array([[1, 2], [1.1e30, 2]]), "", "series.1.0"),
        (np.zeros((2, 2, 2)), "", "series"),
        (np.zeros((1, 0)), "", "series"),
        (np.zeros((1, 10_001)), "", "series"),
        (np.zeros((4097, 1)), "", "series"),
        (np.zeros(3), "horizon=0", "horizon"),
        (np.zeros(3), "horizon=soon", "horizon"),
        (np.zeros(3), "quantiles=0.5,x", "quantiles.1"),
        (np.zeros(3), "colour=red", "colour"),
        (np.zeros(3), "model=", "model"),
    ],
)
def test_series_that_are_none_are_refused_with_their_place(
    array: Array, query: str, place: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        series_of(packed(array), query)
    assert caught.value.faults[0].location == place


async def test_a_series_in_which_all_is_missing_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", content=packed(np.full((1, 3), np.nan)), headers=NPY)

    assert (response.status_code, response.json()["errors"][0]["location"]) == (422, "series.0")


def headed(head: str, rest: bytes = b"", version: int = 1) -> bytes:
    text = (head + " " * 8 + "\n").encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2, "little") + text + rest


PLAIN = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
BROKEN = {
    "empty": b"",
    "no magic": b"hello world",
    "cut in its head": packed(IMAGES)[:30],
    "cut in its numbers": packed(IMAGES)[:-1],
    "trailing": packed(IMAGES) + b"x",
    "huge shape": headed(PLAIN % "(10**12,)"),
    "huge but plain shape": headed(PLAIN % "(1000000000000, 28, 28)", b"\0" * 8),
    "two negative sizes": headed(PLAIN % "(-1, -1)", b"\0" * 8),
    "overflowing shape": headed(PLAIN % "(4294967296, 4294967296, 2)"),
    "code in its head": headed("__import__('os').abort()"),
    "deep head": headed("(" * 5000),
    "objects": packed(np.array([{}, []], dtype=object), pickle=True),
    "text": packed(np.array(["a"])),
    "records": packed(np.zeros(2, dtype=[("a", "f4")])),
    "complex": packed(np.zeros(2, dtype=complex)),
    "truth": packed(np.zeros(2, dtype=bool)),
    "dates": packed(np.zeros(2, dtype="M8[s]")),
    "version 9": headed(PLAIN % "(1,)", b"\0" * 8, version=9),
    "a pickle": b"\x80\x04cos\nabort\n(tR.",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_no_file_of_plain_numbers_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenArray):
        array_of(body)


async def test_a_broken_file_is_a_problem(client: httpx.AsyncClient) -> None:
    response = await client.post("/classify", content=b"hello", headers=NPY)

    assert response.status_code == 400
    assert response.json()["type"] == "urn:seqserve:problem:broken-array"


def test_a_head_of_version_2_is_read() -> None:
    stream = io.BytesIO()
    npy.write_array(stream, IMAGES, version=(2, 0))

    np.testing.assert_array_equal(array_of(stream.getvalue()), IMAGES)
