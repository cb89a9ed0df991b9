"""Digits as they should not be, but are: shifted, turned, noisy, blurred, thick, thin, inverted.

Every variant keeps the label and the layout of MNIST: 28x28 grey levels, ink bright (but for
``inverted``). Axis letters: B images, H height, W width.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Images = NDArray[np.uint8]
Variant = Callable[[Images], Images]
_SEED = 20_240_229
SIDE = 28
# A pixel counts as ink from here; shifting stops where ink would leave the image.
_INK = 26


def shifted(images: Images, pixels: int) -> Images:
    """Move each image in one of eight directions, as far as its ink stays inside."""
    directions = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]
    random = np.random.default_rng(_SEED)
    moved = np.zeros_like(images)
    for at, choice in enumerate(random.integers(0, len(directions), len(images))):
        dy, dx = directions[choice]
        down = _within(images[at].max(axis=1), dy * pixels)
        right = _within(images[at].max(axis=0), dx * pixels)
        moved[at] = np.roll(images[at], (down, right), axis=(0, 1))
    return moved


def _within(profile: NDArray[np.uint8], pixels: int) -> int:
    """As many of ``pixels`` as leave the ink of a row or column profile inside."""
    inked = np.flatnonzero(profile >= _INK)
    if len(inked) == 0:
        return pixels
    return int(np.clip(pixels, -inked[0], SIDE - 1 - inked[-1]))


def rotated(images: Images, degrees: float) -> Images:
    """Turn every image, one after the other to the left and to the right."""
    return _each(
        images,
        lambda at, picture: picture.rotate(
            degrees if at % 2 == 0 else -degrees, Image.Resampling.BICUBIC
        ),
    )


def noisy(images: Images, deviation: float) -> Images:
    """Add Gaussian noise of so many grey levels to every pixel."""
    noise = np.random.default_rng(_SEED).normal(0.0, deviation, images.shape)
    return _grey(images + noise)


def blurred(images: Images, radius: float) -> Images:
    """Blur with a Gaussian of so many pixels."""
    return _each(images, lambda _, picture: picture.filter(ImageFilter.GaussianBlur(radius)))


def thick(images: Images) -> Images:
    """Widen the strokes by a pixel on either side: the brightest of nine neighbours."""
    return _each(images, lambda _, picture: picture.filter(ImageFilter.MaxFilter(3)))


def thin(images: Images) -> Images:
    """Narrow the strokes by half a pixel on either side, at twice the resolution."""

    def narrow(_: int, picture: Image.Image) -> Image.Image:
        large = picture.resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
        return large.filter(ImageFilter.MinFilter(3)).resize((SIDE, SIDE), Image.Resampling.BOX)

    return _each(images, narrow)


def inverted(images: Images) -> Images:
    """Dark ink on white."""
    dark: Images = np.subtract(255, images, dtype=np.uint8)
    return dark


PLAIN = "as they are"
VARIANTS: Mapping[str, Variant] = {
    PLAIN: lambda images: images,
    **{f"shifted by {n} px": partial(shifted, pixels=n) for n in (1, 2, 3, 4)},
    **{f"turned by {n} degrees": partial(rotated, degrees=n) for n in (10, 20, 30)},
    **{f"noise of {n} levels": partial(noisy, deviation=n) for n in (25, 50, 75)},
    **{f"blurred by {r} px": partial(blurred, radius=r) for r in (0.5, 1.0, 1.5)},
    "thick strokes": thick,
    "thin strokes": thin,
    "inverted": inverted,
}


def _each(images: Images, change: Callable[[int, Image.Image], Image.Image]) -> Images:
    return np.stack(
        [np.asarray(change(at, Image.fromarray(image))) for at, image in enumerate(images)]
    )


def _grey(levels: NDArray[np.floating]) -> Images:
    grey: Images = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return grey
