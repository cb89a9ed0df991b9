"""Small data sets on disk for the tests of digits."""

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.digits.drawn import drawn_digits


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def write_idx(folder: Path, *, per_class: int = 6, zipped: bool = True) -> Path:
    """The four files with drawn digits, 10 * per_class for training and half of it for test."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count, seed in (("train", per_class, 1), ("t10k", max(1, per_class // 2), 2)):
        images, labels = drawn_digits(count, seed)
        for stem, array in (
            (f"{part}-images-idx3-ubyte", images),
            (f"{part}-labels-idx1-ubyte", labels.astype(np.uint8)),
        ):
            content = idx_bytes(array)
            if zipped:
                (folder / f"{stem}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / stem).write_bytes(content)
    return folder


def write_folders(folder: Path, labels: dict[str, int], *, per_class: int = 8) -> Path:
    """A folder of dark-on-white PNGs per class; ``labels`` says which digit each class shows."""
    images, digits = drawn_digits(per_class, 3)
    for name, digit in labels.items():
        (folder / name).mkdir(parents=True)
        for i, picture in enumerate(images[digits == digit]):
            large = Image.fromarray(255 - picture).resize((50, 50))
            large.save(folder / name / f"{i}.png")
    return folder
