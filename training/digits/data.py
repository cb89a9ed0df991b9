"""Labelled 28x28 images, split into training, validation and test."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.digits.drawn import drawn_digits
from training.digits.folders import read_folders
from training.digits.idx import find_idx, read_idx_set
from training.errors import DataError

DEFAULT_FOLDER = Path("../shared/data/mnist")
N_VALIDATION = 5_000  # of MNIST's 60,000 training images
VALIDATION_SHARE = TEST_SHARE = 0.15  # where the data comes without a split
_SPLIT_SEED = 20_240_229  # the split stays the same for every --seed, so that runs compare
_SMOKE_IMAGES = 600

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledImages:
    """Shape: images (N, 28, 28) uint8, bright ink on black; labels (N,) int64."""

    images: Images
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> "LabelledImages":
        """The images at ``index``."""
        return LabelledImages(self.images[index], self.labels[index])


@dataclass(frozen=True)
class DigitData:
    """The three parts, the names of the classes, and the files they came from."""

    name: str
    classes: tuple[str, ...]
    training: LabelledImages
    validation: LabelledImages
    test: LabelledImages
    sources: tuple[Path, ...] = ()
    md5: tuple[tuple[str, str], ...] = ()
    licence: str = ""
    note: str = ""


def load_digits(folder: Path | None, *, smoke: bool = False) -> DigitData:
    """Read IDX files or folders of pictures; without ``folder``, MNIST from its usual place.

    Under ``smoke`` a part of the data is enough, and drawn digits stand in where MNIST is absent.

    Raises:
        DataError: nothing to read, or it makes no sense; the sentence says what to do.
    """
    if folder is None and not DEFAULT_FOLDER.is_dir():
        if smoke:
            return _from_pool(drawn_digits(), "digits drawn by Pillow", tuple("0123456789"))
        raise DataError(
            f"there is no {DEFAULT_FOLDER}: put the four MNIST files "
            "(train-images-idx3-ubyte.gz and so on) there, or give a folder with --data"
        )
    data = _load(folder or DEFAULT_FOLDER)
    return _shortened(data) if smoke else data


def _load(folder: Path) -> DigitData:
    if not folder.is_dir():
        raise DataError(f"--data: {folder} is not a folder; it must hold IDX files or subfolders")
    if find_idx(folder, "train-images-idx3-ubyte"):
        return _from_idx(folder)
    images, labels, classes = read_folders(folder)
    return _from_pool((images, labels), folder.name, classes)


def _from_idx(folder: Path) -> DigitData:
    training, test = read_idx_set(folder, "train"), read_idx_set(folder, "t10k")
    n_classes = int(training.labels.max()) + 1
    if len(np.unique(training.labels)) < 2:
        raise DataError(f"{folder}: all training images have one label; two classes are needed")
    if int(test.labels.max()) >= n_classes:
        raise DataError(f"{folder}: the test labels hold classes that the training labels lack")
    pool = LabelledImages(training.images, training.labels)
    n_held_out = min(N_VALIDATION, max(1, int(len(pool) * VALIDATION_SHARE)))
    held_out, rest = _stratified(pool.labels, n_held_out / len(pool))
    return DigitData(
        name="MNIST" if len(pool) == 60_000 and n_classes == 10 else folder.name,
        classes=tuple(str(label) for label in range(n_classes)),
        training=pool.take(rest),
        validation=pool.take(held_out),
        test=LabelledImages(test.images, test.labels),
        sources=(*training.paths, *test.paths),
        md5=(*training.md5, *test.md5),
        licence="CC BY-SA 3.0" if len(pool) == 60_000 else "",
        note=f"validation: {len(held_out):,} of the {len(pool):,} training images, stratified",
    )


def _from_pool(
    images_and_labels: tuple[Images, Labels], name: str, classes: tuple[str, ...]
) -> DigitData:
    pool = LabelledImages(*images_and_labels)
    kept_out, training = _stratified(pool.labels, VALIDATION_SHARE + TEST_SHARE, at_least=2)
    outside = pool.take(kept_out)
    test, validation = _stratified(outside.labels, TEST_SHARE / (VALIDATION_SHARE + TEST_SHARE))
    return DigitData(
        name=name,
        classes=classes,
        training=pool.take(training),
        validation=outside.take(validation),
        test=outside.take(test),
        note=f"{len(validation)} images for validation, {len(test)} for test, stratified",
    )


def _stratified(
    labels: Labels, share: float, *, at_least: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of about ``share`` of each class, ``at_least`` some, and of the rest."""
    random = np.random.default_rng(_SPLIT_SEED)
    chosen = []
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        chosen.append(members[: max(at_least, round(len(members) * share))])
    selected = np.sort(np.concatenate(chosen)).astype(np.int64)
    return selected, np.setdiff1d(np.arange(len(labels)), selected)


def _shortened(data: DigitData) -> DigitData:
    first = np.arange(_SMOKE_IMAGES)
    return replace(
        data,
        training=data.training.take(first[: len(data.training)]),
        validation=data.validation.take(first[: len(data.validation)]),
        test=data.test.take(first[: len(data.test)]),
        note=f"smoke: the first {_SMOKE_IMAGES} images of each part",
    )
