"""Uploaded pictures to 28x28 images, within bounds on what one request may make us decode."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from models.digit_image import DigitImageError, digit_from_bytes
from service.errors import Fault, InvalidInput
from service.rows import Array
from service.tasks.classify_api import PictureRequest

# A few kilobytes of PNG can hold 25 million white pixels, and a form many of them.
MAX_PIXELS_TOGETHER = 100_000_000


def images_of(request: PictureRequest) -> Array:
    """All pictures, laid out like MNIST.

    Shape:
        returns: (B, 28, 28) float32, 0..255.

    Raises:
        InvalidInput: a picture cannot be read, or they are too large together; none is used then.
    """
    _refuse_giants(request)
    images, faults = [], []
    for name, picture in zip(request.names, request.pictures, strict=True):
        try:
            images.append(digit_from_bytes(picture))
        except DigitImageError as error:
            faults.append(Fault((name,), str(error)))
    if faults:
        raise InvalidInput(faults)
    return np.stack(images)


def _refuse_giants(request: PictureRequest) -> None:
    pixels = sum(map(_claimed_pixels, request.pictures))
    if pixels > MAX_PIXELS_TOGETHER:
        place = request.names[_largest(request.pictures)]
        message = (
            f"The pictures have {pixels:,} pixels together, at most {MAX_PIXELS_TOGETHER:,} are "
            "read in one request: send fewer or smaller ones"
        )
        raise InvalidInput([Fault((place,), message)])


def _largest(pictures: Sequence[bytes]) -> int:
    return max(range(len(pictures)), key=lambda at: _claimed_pixels(pictures[at]))


def _claimed_pixels(picture: bytes) -> int:
    """What the header says; 0 for what is no picture, which the decoder will tell better."""
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as opened:
            return opened.width * opened.height
    except Exception:  # noqa: BLE001 - Pillow's readers raise whatever they meet
        return 0
