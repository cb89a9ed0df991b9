"""The IDX files that MNIST is published in: magic number, sizes, bytes.

Source: the format's description with the data set, LeCun, Cortes & Burges 1998.
"""

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError

_UBYTE = 8  # the format's code for unsigned bytes, the third byte of the magic number


@dataclass(frozen=True)
class IdxSet:
    """Images (N, 28, 28) uint8 and labels (N,) int64 with their paths and unzipped MD5s."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    paths: tuple[Path, ...]
    md5: tuple[tuple[str, str], ...]


def find_idx(folder: Path, stem: str) -> Path | None:
    """The file ``stem`` in ``folder``, plain or gz, spelled with a dash or with a dot."""
    spellings = (stem, stem.replace("-idx", ".idx"))
    candidates = [folder / f"{name}{ending}" for name in spellings for ending in ("", ".gz")]
    return next((path for path in candidates if path.is_file()), None)


def read_idx_set(folder: Path, part: str) -> IdxSet:
    """Read the images and labels of ``part`` (``train`` or ``t10k``).

    Raises:
        DataError: a file is missing, damaged, of other dimensions, or the counts disagree.
    """
    image_path, images, image_md5 = _read(folder, f"{part}-images-idx3-ubyte", n_axes=3)
    label_path, labels, label_md5 = _read(folder, f"{part}-labels-idx1-ubyte", n_axes=1)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} holds {len(images)} images but {label_path} {len(labels)} labels"
        )
    if len(images) == 0:
        raise DataError(f"{image_path} holds no images")
    if images.shape[1:] != (28, 28):
        rows, columns = images.shape[1:]
        raise DataError(f"{image_path}: the images have {rows} x {columns} pixels, not 28 x 28")
    md5 = ((image_path.name, image_md5), (label_path.name, label_md5))
    return IdxSet(images, labels.astype(np.int64), (image_path, label_path), md5)


def _read(folder: Path, stem: str, *, n_axes: int) -> tuple[Path, NDArray[np.uint8], str]:
    path = find_idx(folder, stem)
    if path is None:
        raise DataError(f"{folder} has no {stem} (plain or .gz); all four IDX files are needed")
    content = _content(path)
    return (
        path,
        _parse(path, content, n_axes),
        hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _parse(path: Path, content: bytes, n_axes: int) -> NDArray[np.uint8]:
    header = 4 + 4 * n_axes
    if len(content) < header or content[:4] != bytes((0, 0, _UBYTE, n_axes)):
        raise DataError(
            f"{path} does not start with the magic number of an IDX file of bytes with "
            f"{n_axes} dimension{'s' if n_axes > 1 else ''}"
        )
    shape = struct.unpack(f">{n_axes}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path} announces {math.prod(shape)} bytes of data but holds "
            f"{len(content) - header}; download it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
