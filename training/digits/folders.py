"""A folder of pictures per class: the folder's name is the label."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.digit_image import DigitImageError, digit_from_bytes
from training.errors import DataError

_ENDINGS = {".png", ".jpg", ".jpeg"}
MIN_IMAGES = 3  # of a class: one each for training, validation and test


def read_folders(
    folder: Path,
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read every picture below ``folder/<class>/``, laid out like MNIST.

    Raises:
        DataError: no class folders, only one, one with too few pictures, or a damaged picture.
    """
    classes = _classes(folder)
    images, labels = [], []
    for label, name in enumerate(classes):
        for path in _pictures(folder / name):
            images.append(_read(path))
            labels.append(label)
    return np.stack(images), np.array(labels, np.int64), classes


def _classes(folder: Path) -> tuple[str, ...]:
    names = [path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    names.sort(key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))
    if not names:
        raise DataError(
            f"{folder} holds neither the four IDX files nor a folder of PNG or JPEG pictures per "
            "class"
        )
    if len(names) == 1:
        raise DataError(f"{folder} holds only one class, {names[0]!r}; at least two are needed")
    for name in names:
        count = len(_pictures(folder / name))
        if count < MIN_IMAGES:
            raise DataError(
                f"{folder / name} holds {count} PNG or JPEG pictures; a class needs at least "
                f"{MIN_IMAGES}"
            )
    return tuple(names)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        return np.rint(digit_from_bytes(path.read_bytes())).astype(np.uint8)
    except (DigitImageError, OSError) as error:
        raise DataError(f"{path}: {error}") from error
