import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.digit_image import BOX, SIZE, DigitImageError, digit_from_array, digit_from_bytes

Grey = NDArray[np.uint8]
anything_8_bit = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))
coordinate = st.integers(20, 76)
strokes = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6).filter(
    lambda points: np.ptp(points, axis=0).max() >= 30
)


def drawing(points: list[tuple[int, int]], *, width: int = 9) -> Grey:
    canvas = Image.new("L", (96, 96))
    ImageDraw.Draw(canvas).line(points, fill=255, width=width, joint="curve")
    return np.asarray(canvas)


SEVEN = drawing([(28, 20), (68, 20), (44, 76)])


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def png(pixels: NDArray[np.generic]) -> bytes:
    return encoded(Image.fromarray(pixels))


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean difference of grey levels at the best of nine places: centres are rounded to pixels."""
    moved = [np.roll(other, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(float(np.abs(one - candidate).mean()) for candidate in moved)


def centre_of_mass(digit: NDArray[np.float32]) -> tuple[float, float]:
    index = np.arange(SIZE)
    return (
        float(digit.sum(axis=1) @ index / digit.sum()),
        float(digit.sum(axis=0) @ index / digit.sum()),
    )


@given(anything_8_bit)
def test_any_grey_picture_becomes_28_by_28_within_0_and_255(pixels: Grey) -> None:
    digit = digit_from_array(pixels)

    assert digit.shape == (28, 28)
    assert digit.dtype == np.float32
    assert 0.0 <= digit.min() <= digit.max() <= 255.0


@given(strokes)
def test_the_longer_side_has_20_pixels_and_the_centre_of_mass_is_at_14(
    points: list[tuple[int, int]],
) -> None:
    digit = digit_from_array(drawing(points))

    rows, columns = np.nonzero(digit > 25)
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert BOX - 1 <= longer <= BOX + 1
    assert centre_of_mass(digit) == pytest.approx((14, 14), abs=1.0)
    assert digit.max() == pytest.approx(255.0, abs=0.5)


@given(strokes)
def test_an_inverted_picture_gives_the_same_digit(points: list[tuple[int, int]]) -> None:
    pixels = drawing(points)

    np.testing.assert_allclose(digit_from_array(255 - pixels), digit_from_array(pixels), atol=0.01)


@given(strokes, st.integers(2, 6))
def test_a_magnified_picture_gives_nearly_the_same_digit(
    points: list[tuple[int, int]], factor: int
) -> None:
    pixels = drawing(points)
    magnified = pixels.repeat(factor, axis=0).repeat(factor, axis=1)

    assert distance(digit_from_array(magnified), digit_from_array(pixels)) < 6.0


@given(strokes, st.integers(0, 60), st.integers(0, 60))
def test_where_the_digit_stands_in_the_picture_does_not_matter(
    points: list[tuple[int, int]], above: int, left: int
) -> None:
    pixels = drawing(points)
    moved = np.pad(pixels, ((above, 0), (left, 0)))

    assert distance(digit_from_array(moved), digit_from_array(pixels)) < 4.0


@given(strokes)
def test_a_picture_laid_out_like_mnist_stays_as_it_is(points: list[tuple[int, int]]) -> None:
    laid_out = np.rint(digit_from_array(drawing(points))).astype(np.uint8)
    laid_out[laid_out < 40] = 0  # MNIST's rims are not fainter

    again = digit_from_bytes(png(laid_out))

    assert distance(again, laid_out.astype(np.float32)) < 3.0


def test_a_picture_of_the_right_size_and_place_is_returned_bit_by_bit() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 12:17] = 255
    pixels[4:24, 11] = pixels[4:24, 17] = 90

    np.testing.assert_array_equal(digit_from_array(pixels), pixels)
    np.testing.assert_array_equal(digit_from_bytes(png(255 - pixels)), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_gives_the_same_digit(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(SEVEN.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(SEVEN).convert(mode)

    np.testing.assert_allclose(digit_from_bytes(encoded(image)), digit_from_array(SEVEN), atol=1.5)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_mode_of_jpeg_gives_nearly_the_same_digit(mode: str) -> None:
    body = encoded(Image.fromarray(SEVEN).convert(mode), "JPEG")

    assert distance(digit_from_bytes(body), digit_from_array(SEVEN)) < 4.0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int64", "float32", "float64"])
def test_every_dtype_of_array_gives_the_same_digit(dtype: str) -> None:
    scale = {"bool": 1 / 255, "uint16": 257}.get(dtype, 1)
    pixels = (SEVEN.astype(np.float64) * scale).astype(dtype)

    np.testing.assert_allclose(digit_from_array(pixels), digit_from_array(SEVEN), atol=0.01)


def test_floats_from_zero_to_one_give_the_same_digit() -> None:
    unit = SEVEN.astype(np.float32) / 255

    np.testing.assert_allclose(digit_from_array(unit), digit_from_array(SEVEN), atol=0.01)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_channels_of_an_array_are_understood(n_channels: int) -> None:
    pixels = np.repeat(SEVEN[:, :, None], n_channels, axis=2)
    if n_channels in (2, 4):
        pixels[:, :, -1] = 255

    np.testing.assert_allclose(digit_from_array(pixels), digit_from_array(SEVEN), atol=0.01)


@pytest.mark.parametrize("colour", [0, 70, 160, 255], ids=["black", "dark", "light", "white"])
def test_ink_of_one_colour_shows_on_a_transparent_ground(colour: int) -> None:
    pixels = np.full((96, 96, 4), colour, np.uint8)
    pixels[:, :, 3] = SEVEN

    np.testing.assert_allclose(digit_from_bytes(png(pixels)), digit_from_array(SEVEN), atol=1.5)


def test_a_card_with_transparent_corners_is_read_by_its_ink() -> None:
    pixels = np.full((96, 96, 4), 255, np.uint8)
    pixels[:, :, :3] -= SEVEN[:, :, None]
    pixels[:12, :12, 3] = pixels[-12:, -12:, 3] = 0

    np.testing.assert_allclose(digit_from_bytes(png(pixels)), digit_from_array(SEVEN), atol=1.5)


def test_dim_ink_on_grey_paper_is_stretched_to_full_contrast() -> None:
    dim = (180 - SEVEN // 5).astype(np.uint8)

    np.testing.assert_allclose(digit_from_array(dim), digit_from_array(SEVEN), atol=1.5)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_strokes_of_a_thin_pen_become_as_wide_and_bright_as_in_mnist(width: int) -> None:
    thin = digit_from_array(drawing([(28, 20), (68, 20), (44, 76)], width=width))

    ink = thin.sum() / digit_from_array(SEVEN).sum()
    assert 0.5 < ink < 1.0
    assert np.median(thin[thin > 25]) > 100


def test_the_grain_of_a_photograph_neither_moves_the_digit_nor_shows_around_it() -> None:
    random = np.random.default_rng(3)
    large = SEVEN.repeat(4, axis=0).repeat(4, axis=1).astype(np.float32)
    noisy = np.clip(210 - 0.6 * large + random.normal(0, 6, large.shape), 0, 255)

    digit = digit_from_array(noisy.astype(np.uint8))

    assert distance(digit, digit_from_array(SEVEN)) < 4.0
    corner = digit[18:, :6]  # below the bar of the seven and left of its stem
    assert corner.mean() < 0.4


def test_a_photograph_is_turned_the_way_its_camera_says() -> None:
    turned_left = Image.fromarray(np.rot90(SEVEN))
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn right by 90 degrees to show"
    stream = io.BytesIO()
    turned_left.save(stream, "JPEG", exif=exif, quality=95)

    digit = digit_from_bytes(stream.getvalue())

    assert distance(digit, digit_from_array(SEVEN)) < 4.0


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 255))
def test_a_blank_picture_gives_zeros(height: int, width: int, grey: int) -> None:
    blank = np.full((height, width), grey, np.uint8)

    assert not digit_from_array(blank).any()
    assert not digit_from_bytes(png(blank)).any()


def test_a_wholly_transparent_picture_gives_zeros() -> None:
    assert not digit_from_bytes(png(np.zeros((7, 9, 4), np.uint8))).any()


def test_grain_alone_is_blank_and_not_a_digit() -> None:
    grain = np.random.default_rng(0).integers(200, 210, (50, 40), dtype=np.uint8)

    assert not digit_from_array(grain).any()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_picture_are_refused(body: bytes) -> None:
    with pytest.raises(DigitImageError, match="not a PNG or JPEG"):
        digit_from_bytes(body)


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_picture_is_refused_or_read_but_never_crashes(data: st.DataObject) -> None:
    body = bytearray(
        data.draw(st.sampled_from([png(SEVEN), encoded(Image.fromarray(SEVEN), "JPEG")]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(body)))
    try:
        digit = digit_from_bytes(bytes(body[:cut]))
    except DigitImageError:
        return
    assert np.isfinite(digit).all()


@pytest.mark.parametrize("side", [6_000, 40_000], ids=["above our bound", "above Pillow's"])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    checked = struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    body = b"\x89PNG\r\n\x1a\n" + checked + b"\0\0\0\0IEND\xaeB`\x82"

    with pytest.raises(DigitImageError, match="pixels"):
        digit_from_bytes(body)


@pytest.mark.parametrize("shape", [(5,), (3, 4, 5), (0, 7), (2, 2, 2, 2)], ids=str)
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DigitImageError, match="a picture is|no pixels"):
        digit_from_array(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38])
def test_an_array_with_impossible_values_is_refused(value: float) -> None:
    pixels = np.zeros((3, 4))
    pixels[1, 2] = value

    with pytest.raises(DigitImageError, match="finite"):
        digit_from_array(pixels)
