"""Any picture of a digit -> the 28x28 picture that MNIST would hold of it.

MNIST's makers cropped each digit to its ink, scaled it to fit 20x20 pixels with its aspect ratio
kept, and placed it in 28x28 so that its centre of mass is at pixel (14, 14), bright on black.
Training and service share this file, so both do exactly the same. Numpy and Pillow only.

Axis letters: H height, W width.
"""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

SIZE = 28
BOX = 20
_RIM = 2  # pixels around the box that may hold faint edges
MAX_PIXELS = 25_000_000  # a 24-megapixel photograph; a bomb of a few kB could claim billions
MIN_CONTRAST = 0.06  # of the full scale; paper grain and JPEG artefacts stay below it

_WORKING_SIDE = 512  # larger pictures are averaged down to this first: it bounds memory and time
_BOX_SEARCH_SIDE = 96  # the digit is looked for at this size, where noise is averaged away
_CLEAR_INK = 0.1  # of the strongest stroke; in MNIST this box is as large as that of all ink
_DETAIL = 3  # strokes are measured at this multiple of the final size, where the next two apply
_THIN_STROKE, _USUAL_STROKE = 4.0, 6.0  # pixels; 97 % and half of MNIST's strokes are wider
_LARGEST_VALUE = 1e30  # differences of pixels stay finite below it
_FORMATS = ("PNG", "JPEG")

Pixels = NDArray[np.float32]


class DigitImageError(ValueError):
    """The bytes or numbers are not a picture that can be read; the message says why."""


def digit_from_bytes(body: bytes) -> Pixels:
    """Decode a PNG or JPEG file and lay it out like MNIST.

    Shape:
        returns: (28, 28) float32, 0..255, bright ink on black; all zeros for a blank picture.

    Raises:
        DigitImageError: not a PNG or JPEG, damaged, or of more than ``MAX_PIXELS`` pixels.
    """
    return _lay_out(_to_ink(_grey(_decode(body))))


def digit_from_array(pixels: NDArray[np.generic]) -> Pixels:
    """Lay out an array of grey, grey+alpha, RGB or RGBA pixels like MNIST.

    Shape:
        pixels: (H, W) or (H, W, 1..4), any size; bool, 8 or 16 bit, floats 0..1 or 0..255.
        returns: (28, 28) float32, 0..255, bright ink on black; all zeros for a blank picture.

    Raises:
        DigitImageError: wrong number of axes, no pixels, too many, or values that are not finite.
    """
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and not 1 <= pixels.shape[2] <= 4):
        raise DigitImageError(
            f"a picture is (height, width) or (height, width, 1 to 4), not {pixels.shape}"
        )
    _check_size(pixels.shape[1], pixels.shape[0])
    scaled = _to_255(pixels)
    if scaled.ndim == 2:
        return _lay_out(_to_ink(scaled))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[scaled.shape[2]]
    rounded = np.rint(scaled).astype(np.uint8)
    image = Image.fromarray(rounded[:, :, 0] if mode == "L" else rounded, mode)
    return _lay_out(_to_ink(_grey(image)))


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise DigitImageError("the picture has no pixels")
    if width * height > MAX_PIXELS:
        raise DigitImageError(
            f"the picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are read"
        )


def _to_255(pixels: NDArray[np.generic]) -> Pixels:
    values = pixels.astype(np.float32)
    if not (np.abs(values) <= _LARGEST_VALUE).all():  # NaN fails the comparison too
        raise DigitImageError("the picture holds values that are not ordinary finite numbers")
    values -= min(float(values.min()), 0.0)
    top = float(values.max())
    if pixels.dtype == np.bool_ or (pixels.dtype.kind == "f" and top <= 1.0):
        return values * 255.0
    if top <= 255.0:
        return values
    return values * (255.0 / (65535.0 if top <= 65535.0 else top))


def _decode(body: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(body), formats=_FORMATS)
        _check_size(*image.size)
        image.draft("RGB", (_WORKING_SIDE, _WORKING_SIDE))  # JPEGs decode smaller, hence faster
        image.load()
        return ImageOps.exif_transpose(image)
    except DigitImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DigitImageError(f"the picture has more than {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise DigitImageError("the bytes are not a PNG or JPEG picture") from None
    except Exception as error:  # noqa: BLE001  Pillow's decoders raise whatever they meet
        raise DigitImageError(f"the picture is damaged: {error}") from None


def _grey(image: Image.Image) -> Pixels:
    """Reduce any Pillow mode to grey 0..255, transparent parts filled in."""
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.float32) / 257.0
    if image.mode in ("I", "F"):
        return _to_255(np.asarray(image))
    if image.has_transparency_data:
        return _flatten(_shrink(image.convert("RGBA")))
    return np.asarray(_shrink(image.convert("L")), np.float32)


def _shrink(image: Image.Image) -> Image.Image:
    factor = max(image.size) // _WORKING_SIDE
    return image.reduce(factor) if factor > 1 else image


def _flatten(image: Image.Image) -> Pixels:
    """Fill transparency with the opposite of a one-coloured drawing, else with its usual colour."""
    grey = np.asarray(image.convert("RGB").convert("L"), np.float32)
    alpha = np.asarray(image.getchannel("A"), np.float32) / 255.0
    opaque = grey[alpha > 0.5]
    if opaque.size == 0:
        return np.zeros_like(grey)
    one_coloured = float(np.ptp(opaque)) < 64.0
    backdrop = 255.0 * (opaque.mean() < 127.5) if one_coloured else float(np.median(opaque))
    filled: Pixels = (grey * alpha + backdrop * (1.0 - alpha)).astype(np.float32)
    return filled


def _to_ink(grey: Pixels) -> Pixels:
    """Turn grey levels into ink: 0 = background, 255 = the strongest stroke, noise cut off."""
    border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    background = float(np.median(border))
    ink = background - grey if _background_is_bright(grey, border) else grey - background
    noise = 2.0 * float(np.percentile(np.abs(border - background), 75))
    peak = float(ink.max())
    if peak < MIN_CONTRAST * 255.0:
        return np.zeros_like(grey)
    if noise > 0.5 * peak:  # the border is drawing, not paper: it says nothing about noise
        noise = 0.0
    stretched = np.minimum(ink * (255.0 / (peak - noise)), 255.0)
    return np.where(ink > noise, stretched, 0.0).astype(np.float32)


def _background_is_bright(grey: Pixels, border: Pixels) -> bool:
    middle = 0.5 * (float(grey.min()) + float(grey.max()))
    bright_border = float((border > middle).mean()) - float((border < middle).mean())
    if bright_border != 0.0:
        return bright_border > 0.0
    return float((grey > middle).mean()) > float((grey < middle).mean())


def _lay_out(ink: Pixels) -> Pixels:
    """Scale the ink to fit 20x20 and put its centre of mass at pixel (14, 14)."""
    canvas = np.zeros((SIZE, SIZE), np.float32)
    if not ink.any():
        return canvas
    digit = _fit(ink)
    first_row, past_row, first_column, past_column = _digit_box(digit)
    top = _start(digit.sum(axis=1), first_row, past_row)
    left = _start(digit.sum(axis=0), first_column, past_column)
    rows = slice(max(top, 0), min(top + digit.shape[0], SIZE))
    columns = slice(max(left, 0), min(left + digit.shape[1], SIZE))
    canvas[rows, columns] = digit[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return canvas


def _start(mass: Pixels, first: int, past: int) -> int:
    """Where the digit begins along an axis: centred by its mass, but with no clear ink cut off."""
    centre = float(mass @ np.arange(len(mass))) / float(mass.sum())
    return min(max(round(SIZE / 2 - centre), -first), SIZE - past)


def _fit(ink: Pixels) -> Pixels:
    """Cut out the digit with a rim for its faint edges; scale its longer side to 20 pixels.

    A digit that nearly has them already is left as it is: resampling would only blur it.
    """
    top, bottom, left, right = _digit_box(ink)
    longer = max(bottom - top, right - left)
    if BOX - 1 <= longer <= BOX + 1:
        return ink[max(top - _RIM, 0) : bottom + _RIM, max(left - _RIM, 0) : right + _RIM]
    detail = _DETAIL if longer >= 2 * BOX else 1
    upper, lower, height = _window(top, bottom, longer / BOX)
    start, end, width = _window(left, right, longer / BOX)
    pad = math.ceil(max(0.0, -upper, -start, lower - ink.shape[0], end - ink.shape[1]))
    window = (start + pad, upper + pad, end + pad, lower + pad)
    # Averaging over areas is how grey rims come about; up-scaling has no area to average over.
    resampling = Image.Resampling.BOX if longer > detail * BOX else Image.Resampling.BILINEAR
    size = (width * detail, height * detail)
    fitted = Image.fromarray(np.pad(ink, pad)).resize(size, resampling, box=window)
    if detail > 1:
        fitted = _thicken(_stretch(fitted)).reduce(detail)
    return np.asarray(_stretch(fitted))


def _stretch(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture)
    return Image.fromarray(np.clip(pixels * (255.0 / float(pixels.max())), 0.0, 255.0))


def _thicken(picture: Image.Image) -> Image.Image:
    """Widen the strokes of a thin pen, which scaling down would leave as a faint trace.

    The width comes from the area of the strokes and the length of their two edges.
    """
    strokes = Image.fromarray((np.asarray(picture) > 127.0).astype(np.uint8))
    area = int(np.asarray(strokes).sum())
    edges = area - int(np.asarray(strokes.filter(ImageFilter.MinFilter(3))).sum())
    width = 2.0 * area / max(edges, 1)
    if width >= _THIN_STROKE:
        return picture
    grow = round((_USUAL_STROKE - width) / 2.0)
    return picture.filter(ImageFilter.MaxFilter(2 * grow + 1))


def _window(first: int, past: int, step: float) -> tuple[float, float, int]:
    """Where to read, and how many pixels to make of it, ``step`` old pixels to a new one."""
    size = max(1, round((past - first) / step)) + 2 * _RIM
    middle = 0.5 * (first + past)
    return middle - 0.5 * size * step, middle + 0.5 * size * step, size


def _digit_box(ink: Pixels) -> tuple[int, int, int, int]:
    """First and past-the-last row and column of what is clearly ink, noise averaged away."""
    factor = max(1, max(ink.shape) // _BOX_SEARCH_SIDE)
    coarse = np.asarray(Image.fromarray(ink).reduce(factor)) if factor > 1 else ink
    clear = coarse > _CLEAR_INK * float(coarse.max())
    rows, columns = (np.flatnonzero(clear.any(axis=axis)) for axis in (1, 0))
    height, width = ink.shape
    bottom, right = (int(rows[-1]) + 1) * factor, (int(columns[-1]) + 1) * factor
    top, left = int(rows[0]) * factor, int(columns[0]) * factor
    return top, min(bottom, height), left, min(right, width)
