"""The pass of the digit reader in int8, which ``service/passes/digits/*.c`` compute."""

from collections.abc import Sequence

import numpy as np

from service.passes.contract import CompiledPass, Part
from service.passes.digits_weights import SIDE, UnknownReader, n_views, packed
from service.rows import Array

# Where sums become bytes, the last bit of a factor may decide between two of them: then a row of
# noise was off by 1e-3. Which way oneDNN rounds is known for two kinds of processors only.
ALIKE = 5e-3

try:
    from service.passes._digits import Reader, able, has_tiles
except ImportError:  # no compiler was there, or none for this processor
    COMPILED = False
else:
    COMPILED = True


def make(part: Part) -> CompiledPass | None:
    """The pass with the weights of a graph; None as ``PassMaker`` says."""
    if not COMPILED or not able():
        return None
    try:
        weights, n_classes = packed(part, one_factor=has_tiles())
        views = n_views(part)
    except (AttributeError, UnknownReader):
        return None
    reader = Reader(weights, n_classes, views)

    def compute(arrays: Sequence[Array]) -> tuple[Array, ...]:
        (images,) = arrays
        if images.shape[1:] != (SIDE, SIDE) or images.dtype != np.float32:
            raise ValueError(
                f"float32 images of {SIDE} x {SIDE} are needed, not {images.dtype} {images.shape}"
            )
        probabilities = np.empty((len(images), n_classes), np.float32)
        reader.read(images, probabilities)
        return (probabilities,)

    return compute


def probes() -> list[list[Array]]:
    """A blank and a full image, strokes, noise, fractions of grey levels, and levels beyond."""
    noise = np.random.default_rng(0).uniform(-40, 295, (4, SIDE, SIDE))
    strokes = _strokes()
    blank, full = np.zeros((1, SIDE, SIDE)), np.full((1, SIDE, SIDE), 255.0)
    batches = np.concatenate([blank, full, strokes]), noise.round().clip(0, 255), noise, strokes / 3
    return [[batch.astype(np.float32)] for batch in batches]


def _strokes() -> Array:
    """Straight ones from the upper to the lower edge, of growing brightness and every slope."""
    images, rows = np.zeros((6, SIDE, SIDE)), np.arange(4, 24)
    for number, image in enumerate(images):
        columns = 12 + (2 * number - 5) * (rows - 14) // 6
        for width in range(3):
            image[rows, columns + width] = 70 + 8 * rows
    return images
