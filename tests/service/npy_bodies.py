"""Arrays as NumPy files."""

import io

import numpy as np

from service.rows import Array


def packed(array: Array, *, pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=pickle)
    return stream.getvalue()
