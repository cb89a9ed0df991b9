"""NumPy files as bodies: numbers that need no parsing. Nothing in them is ever run.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
import math

import numpy as np
from numpy.lib import format as npy

from service.errors import BrokenArray, Fault, InvalidInput
from service.parsing import validated
from service.query import fields_of
from service.rows import Array
from service.tasks.classify_api import PIXELS, SIDE, ClassifyOptions, ImageArrays
from service.tasks.contract import MAX_ITEMS
from service.tasks.forecast_api import LARGEST, MAX_POINTS, ForecastRequest, SeriesArrays

MEDIA_TYPES = ("application/x-npy", "application/octet-stream")
LONGEST_HEAD = 10_000
HEADS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def images_of(body: bytes, query: str) -> ImageArrays:
    """The images of a /classify request: (B, 28, 28), (B, 784) or one of (28, 28), of any number.

    Raises:
        BrokenArray: the body is no such file.
        InvalidInput: its shape, a pixel or the query is wrong.
    """
    chosen = validated(ClassifyOptions, fields_of(query))
    images = array_of(body)
    if images.ndim == 2 and images.shape == (SIDE, SIDE):
        images = images[np.newaxis]
    if images.ndim not in (2, 3) or images.shape[1:] not in ((SIDE, SIDE), (PIXELS,)):
        _refuse("images", f"The shape is {images.shape}; send (B, 28, 28) or (28, 28)")
    _refuse_count("images", len(images))
    _refuse_values("images", (images >= 0) & (images <= 255), "a number from 0 to 255")
    grey = np.ascontiguousarray(images, dtype=np.float32).reshape(-1, SIDE, SIDE)
    return ImageArrays(grey, chosen.model, chosen.version, chosen.trace)


def series_of(body: bytes, query: str) -> SeriesArrays:
    """The series of a /forecast request: (B, T) or one of (T,); NaN is a missing value.

    Raises:
        BrokenArray: the body is no such file.
        InvalidInput: its shape, a value or the query is wrong.
    """
    chosen = validated(ForecastRequest, fields_of(query) | {"series": [0]})
    series = np.atleast_2d(array_of(body))
    if series.ndim != 2 or not 1 <= series.shape[1] <= MAX_POINTS:
        _refuse("series", f"The shape is {series.shape}; send (B, T) or (T,), T up to {MAX_POINTS}")
    _refuse_count("series", len(series))
    missing = np.isnan(series)
    bound = "a number between -1e30 and 1e30, or NaN"
    _refuse_values("series", missing | (np.abs(series) <= LARGEST), bound)
    values = np.ascontiguousarray(series, dtype=np.float32)
    options = (chosen.horizon, chosen.season_length, chosen.quantiles, chosen.levels)
    whole = list(values) if missing.any() else values
    return SeriesArrays(whole, *options, chosen.model, chosen.version)


def array_of(body: bytes) -> Array:
    """The array in a NumPy file of plain numbers.

    Raises:
        BrokenArray: it is none, holds objects, or is longer or shorter than its head says.
    """
    stream = io.BytesIO(body)
    try:
        read_head = HEADS[npy.read_magic(stream)]
        shape, fortran, dtype = read_head(stream, max_header_size=LONGEST_HEAD)
    except Exception as error:  # noqa: BLE001 - numpy raises whatever a made-up head leads to
        raise BrokenArray(f"The body is no .npy file of version 1 or 2: {error}") from None
    if dtype.kind not in "fiu":
        raise BrokenArray(f"The array is of {dtype}; send floats or integers.")
    expected = math.prod(shape) * dtype.itemsize
    present = len(body) - stream.tell()
    if min(shape, default=1) < 0 or expected != present:
        raise BrokenArray(f"The head promises {shape} of {dtype}, but {present} bytes follow.")
    flat = np.frombuffer(body, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def _refuse(field: str, message: str) -> None:
    raise InvalidInput([Fault((field,), message)])


def _refuse_count(field: str, count: int) -> None:
    if not 1 <= count <= MAX_ITEMS:
        _refuse(field, f"There are {count:,} items; send 1 to {MAX_ITEMS:,}")


def _refuse_values(field: str, good: Array, wanted: str) -> None:
    if not good.all():
        place = np.argwhere(~good)[0].tolist()
        raise InvalidInput([Fault((field, *place), f"Input should be {wanted}")])
