"""Digits drawn with Pillow's own font: they prove that everything works, nothing more."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.digit_image import digit_from_array


def drawn_digits(per_class: int = 60, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Digits of random size and slant.

    Shape:
        returns: images (10 * per_class, 28, 28) uint8, labels (10 * per_class,) int64.
    """
    random = np.random.default_rng(seed)
    labels = np.tile(np.arange(10), per_class)
    return np.stack([_draw(str(label), random) for label in labels]), labels


def _draw(text: str, random: np.random.Generator) -> NDArray[np.uint8]:
    canvas = Image.new("L", (96, 96))
    font = ImageFont.load_default(size=float(random.uniform(40, 64)))
    ImageDraw.Draw(canvas).text((48, 48), text, fill=255, font=font, anchor="mm")
    turned = canvas.rotate(float(random.uniform(-12, 12)), Image.Resampling.BILINEAR)
    return np.rint(digit_from_array(np.asarray(turned))).astype(np.uint8)
