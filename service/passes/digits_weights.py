"""The weights of an int8 reader, in the order in which its pass in C reads them.

The C code knows the sizes of the reader that ships; the number of classes is free. Axis letters: F
filters or gates, C input features, R rows and W columns of a filter, H hidden units, K classes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from service.passes.contract import Part
from service.rows import Array

SIDE = 28
BLOCK = 16
GROUP = 4
HIDDEN = 96
STEP = 7 * 48
FEATURES = 4 * HIDDEN
MOST_CLASSES = 65536

FIRST = "in_bytes.first"
FIRST_SHAPE = (32, 4, 5, 3)  # sixteen filters of 5 x 5, twice: see ``models/int8_conversion.py``
# Of the other layers: shape of the weights, stride, and side of the image that they read.
OTHERS = {
    "in_bytes.others.0": ((32, 16, 3, 3), 1, 14),
    "in_bytes.others.1": ((48, 32, 3, 3), 2, 14),
    "in_bytes.others.2": ((48, 48, 3, 3), 1, 7),
}
LAYER_BEYOND = "in_bytes.others.3"
GATES = "in_bytes.gates"
TO_POWER = np.float32(-np.log2(np.e))  # a sigmoid of x is 1 / (1 + e^-x)


class UnknownReader(Exception):
    """The network is not of the kind that the C code computes."""


def packed(part: Part, *, one_factor: bool) -> tuple[bytes, int]:
    """All weights as ``Reader`` in reader.h says, and the number of classes.

    With ``one_factor`` the sums of a layer meet the product of both of their factors, as oneDNN
    has it where it computes in tiles; without, one after the other. Both are rounded.

    Raises:
        UnknownReader, AttributeError: sizes, strides or names are others.
    """
    _demand(not _has(part, LAYER_BEYOND))
    pieces = [_first_weights(part)]
    for name, (shape, step, side) in OTHERS.items():
        _check_geometry(part, name, [step, step], [1, 1], [shape[1], side, side])
        pieces.append(_grouped(_array(part, f"{name}.weight", shape)))
    pieces += [_rounding(part, name, one_factor=one_factor) for name in (FIRST, *OTHERS)]
    pieces += _units(part)
    head = _head(part)
    return b"".join(piece.tobytes() for piece in (*pieces, head[0])), head[1]


def n_views(part: Part) -> int:
    """How many views of an image are averaged; one in graphs from before there were any.

    Raises:
        UnknownReader: it is another number than one and three.
    """
    number = part("n_views") if _has(part, "n_views") else 1
    _demand(number in (1, 3))
    return int(number)


def _first_weights(part: Part) -> Array:
    """Seven groups of the 25 pixels under a filter, as in first_layer.c: (7, 16, 4)."""
    _check_geometry(part, FIRST, [2, 1], [2, 1], [4, SIDE, SIDE // 4])
    wide = _array(part, f"{FIRST}.weight", FIRST_SHAPE).transpose(0, 2, 3, 1).reshape(2, 16, 5, 12)
    weights = wide[0, :, :, 2:7]  # (F, R, W)
    for half, start in zip(wide, (2, 4), strict=True):
        moved = np.zeros_like(half)
        moved[:, :, start : start + 5] = weights
        _demand(np.array_equal(half, moved))
    groups = np.zeros((7, 16, 4), np.int8)
    groups[:5] = weights[:, :4].transpose(2, 0, 1)
    groups[5] = weights[:, 4, :4]
    groups[6, :, 0] = weights[:, 4, 4]
    return groups


def _grouped(weights: Array) -> Array:
    """(F, C, R, W) as (R, W, C / 4, F, 4), and (F, C) as (C / 4, F, 4)."""
    n_filters, n_features, *sides = weights.shape
    grouped = weights.reshape(n_filters, n_features // GROUP, GROUP, *sides)
    return np.ascontiguousarray(np.moveaxis(grouped, (0, 1, 2), (-2, -3, -1)))


def _rounding(part: Part, name: str, *, one_factor: bool) -> Array:
    """What becomes of the sums of a layer, as ``Rounding`` in reader.h: (16 + 16 + 48 + 48,)."""
    n_filters = FIRST_SHAPE[0] if name == FIRST else OTHERS[name][0][0]
    scale, bias = _scale_and_bias(part, name, n_filters)
    if name == FIRST:  # every filter is there twice
        _demand(np.array_equal(scale[:16], scale[16:]) and np.array_equal(bias[:16], bias[16:]))
        scale, bias = scale[:16], bias[:16]
    padding = np.zeros(48 - len(scale), np.float32)
    levels = np.reciprocal(_block(part(f"{name}.output_level_size")))
    inputs = _block(part(f"{name}.level_size"))
    if one_factor:
        scale, inputs = scale * inputs[0], np.ones_like(inputs)
    return np.concatenate([inputs, levels, scale, padding, bias, padding])


def _units(part: Part) -> Iterator[Array]:
    """Gates and candidates of every sixteen units of both directions, as ``Units`` in reader.h."""
    weights = _array(part, f"{GATES}.weight", (FEATURES, STEP))
    scale, bias = _scale_and_bias(part, GATES, FEATURES)
    factor = TO_POWER * np.float32(part(f"{GATES}.level_size"))
    numbers = np.arange(FEATURES).reshape(2, 2, HIDDEN // BLOCK, BLOCK)  # gate or not, direction
    for unit in numbers.transpose(1, 2, 0, 3).reshape(-1, 2 * BLOCK):
        yield _grouped(weights[unit])
        yield factor * scale[unit]
        yield TO_POWER * bias[unit]


def _head(part: Part) -> tuple[Array, int]:
    """Bias and weights over the temperature, padded to blocks of classes, and their number.

    The features are less by a half than those of the graph.
    """
    bias, temperature = np.asarray(part("in_bytes.head.bias"), np.float64), part("temperature")
    n_classes = bias.size
    _demand(bias.ndim == 1 and 0 < n_classes <= MOST_CLASSES)
    weights = _array(part, "in_bytes.head.weight", (n_classes, FEATURES), np.float32)
    weights = weights.astype(np.float64)
    rows = np.vstack([bias + weights.sum(1) / 2, weights.T]) / temperature  # (1 + 4 * H, K)
    return np.pad(rows, [(0, 0), (0, -n_classes % BLOCK)]).astype(np.float32), n_classes


def _scale_and_bias(part: Part, name: str, n_filters: int) -> tuple[Array, Array]:
    """What a level of the weights stands for, and what is added to the sum."""
    _demand(not _array(part, f"{name}.zero", (n_filters,), np.int32).any())
    scale = _array(part, f"{name}.scale", (n_filters,), np.float32)
    bias = _array(part, f"{name}.bias", (n_filters,), np.float32)
    return scale, bias


def _block(value: float) -> Array:
    return np.full(BLOCK, value, np.float32)


def _check_geometry(
    part: Part, name: str, stride: list[int], padding: list[int], image: list[int]
) -> None:
    _demand(list(part(f"{name}.stride")) == stride)
    _demand(list(part(f"{name}.padding")) == padding)
    _demand(list(part(f"{name}.usual_shape"))[1:] == image)


def _array(part: Part, name: str, shape: Sequence[int], dtype: npt.DTypeLike = np.int8) -> Array:
    array = part(name)
    _demand(isinstance(array, np.ndarray) and array.shape == tuple(shape) and array.dtype == dtype)
    return np.asarray(array)


def _has(part: Part, name: str) -> bool:
    try:
        part(name)
    except AttributeError:
        return False
    return True


def _demand(true: bool) -> None:
    if not true:
        raise UnknownReader
