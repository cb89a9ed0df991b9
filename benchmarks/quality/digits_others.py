"""Pictures that are no MNIST digits: scikit-learn's 8x8 digits, and what is no digit at all.

The latter come in kinds of equally many: letters of the fonts that matplotlib brings along, noise,
blank paper, textures. Letters that look like a digit are left out.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Images = NDArray[np.uint8]
SIDE, BOX = 28, 20
_SEED = 20_240_301
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
)
# Without B D I J O Q S Z b g i j l o q s z, which somebody could mean as a digit.
LETTERS = "ACEFGHKLMNPRTUVWXYacdefhkmnprtuvwxy"


def small_digits() -> tuple[Images, NDArray[np.int64]]:
    """Scikit-learn's 1,797 digits of 8x8 and their labels, laid out as MNIST's makers did.

    Grey levels 0..16 become 0..255, the square is scaled to 20x20 and put in the middle of 28x28.
    """
    from sklearn.datasets import (  # type: ignore[import-untyped]  # noqa: PLC0415 - takes a second
        load_digits,
    )

    bunch = load_digits()
    return np.stack([enlarged(image) for image in bunch.images]), bunch.target.astype(np.int64)


def enlarged(levels: NDArray[np.floating]) -> Images:
    """An image (8, 8) of levels 0..16 as (28, 28) of 0..255, by bicubic interpolation."""
    small = Image.fromarray(np.rint(levels * (255.0 / 16.0)).astype(np.uint8))
    large = np.asarray(small.resize((BOX, BOX), Image.Resampling.BICUBIC))
    return np.pad(large, (SIDE - BOX) // 2)


def non_digits(n_of_a_kind: int) -> Mapping[str, Images]:
    """As many pictures of every kind, the same ones at every call."""
    random = np.random.default_rng(_SEED)
    return {
        "letters": _letters(n_of_a_kind),
        "noise": random.integers(0, 256, (n_of_a_kind, SIDE, SIDE), dtype=np.uint8),
        "smooth noise": _smooth_noise(random, n_of_a_kind),
        "textures": _textures(random, n_of_a_kind),
        "blank": _blank(random, n_of_a_kind),
    }


def _letters(n_images: int) -> Images:
    """Letters scaled to 20 pixels, bright on black, fonts and letters in turn."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    drawn = [letter(folder / f"{font}.ttf", each) for each in LETTERS for font in FONTS]
    order = np.random.default_rng(_SEED).permutation(len(drawn))
    return np.stack([drawn[order[at % len(drawn)]] for at in range(n_images)])


def letter(font: Path, text: str) -> Images:
    """One letter (28, 28) whose longer side has 20 pixels, in the middle."""
    large = Image.new("L", (160, 160))
    ImageDraw.Draw(large).text((30, 10), text, fill=255, font=ImageFont.truetype(font, 96))
    cut = large.crop(large.getbbox())
    scale = BOX / max(cut.size)
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    canvas = Image.new("L", (SIDE, SIDE))
    place = ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2)
    canvas.paste(cut.resize(size, Image.Resampling.BOX), place)
    return np.asarray(canvas)


def _smooth_noise(random: np.random.Generator, n_images: int) -> Images:
    """Clouds: noise of 7x7 enlarged, its upper half as ink."""
    coarse = random.integers(0, 256, (n_images, 7, 7), dtype=np.uint8)
    clouds = np.stack(
        [
            np.asarray(Image.fromarray(each).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
            for each in coarse
        ]
    ).astype(np.float64)
    return np.clip((clouds - 127.0) * 3.0, 0, 255).astype(np.uint8)


def _textures(random: np.random.Generator, n_images: int) -> Images:
    """Stripes, checks and rings of random width, direction and place."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    pictures = []
    for at in range(n_images):
        angle, period = random.uniform(0, np.pi), random.uniform(3.0, 10.0)
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        middle = random.uniform(4, 24, 2)
        waves = {
            0: np.sin(2 * np.pi * along / period),
            1: np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period),
            2: np.sin(2 * np.pi * np.hypot(x - middle[0], y - middle[1]) / period),
        }[at % 3]
        pictures.append(255.0 * (waves > 0))
    return np.stack(pictures).astype(np.uint8)


def _blank(random: np.random.Generator, n_images: int) -> Images:
    """Black, with the faint grain of a sensor: at most 12 of 255 levels."""
    grain = random.normal(0.0, 1.0, (n_images, SIDE, SIDE)) * random.uniform(0, 4, (n_images, 1, 1))
    return np.clip(np.abs(grain), 0, 12).astype(np.uint8)
