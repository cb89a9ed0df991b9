import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.training.digits.pictures import idx_bytes, write_folders, write_idx
from training.digits import data as data_module
from training.digits.data import load_digits
from training.digits.drawn import drawn_digits
from training.errors import DataError


@pytest.mark.parametrize("zipped", [True, False], ids=["gz", "plain"])
def test_idx_files_are_read_as_they_are(tmp_path: Path, zipped: bool) -> None:
    data = load_digits(write_idx(tmp_path, per_class=20, zipped=zipped))

    expected, labels = drawn_digits(10, seed=2)
    np.testing.assert_array_equal(data.test.images, expected)
    np.testing.assert_array_equal(data.test.labels, labels)
    assert data.classes == tuple("0123456789")
    assert (len(data.training), len(data.validation)) == (170, 30)
    assert len(data.sources) == 4
    assert all(len(digest) == 32 for _, digest in data.md5)


def test_files_spelled_with_a_dot_are_found(tmp_path: Path) -> None:
    write_idx(tmp_path, zipped=False)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("-idx", ".idx"))

    assert len(load_digits(tmp_path).test) == 30


def test_validation_images_are_training_images_and_no_others(tmp_path: Path) -> None:
    data = load_digits(write_idx(tmp_path, per_class=20))
    every, _ = drawn_digits(20, seed=1)

    together = np.concatenate([data.training.images, data.validation.images])

    assert sorted(map(bytes, together)) == sorted(map(bytes, every))
    assert np.bincount(data.validation.labels).tolist() == [3] * 10


def test_folders_of_any_labels_are_split_in_every_class(tmp_path: Path) -> None:
    data = load_digits(write_folders(tmp_path, {"zwei": 2, "10": 7, "9": 4}, per_class=20))

    assert data.classes == ("9", "10", "zwei")
    for part, count in ((data.training, 14), (data.validation, 3), (data.test, 3)):
        assert np.bincount(part.labels).tolist() == [count] * 3
    assert data.training.images.dtype == np.uint8
    assert data.training.images[:, 0].max() == 0  # dark on white became bright on black


def test_three_pictures_a_class_are_enough(tmp_path: Path) -> None:
    data = load_digits(write_folders(tmp_path, {"a": 1, "b": 2}, per_class=3))

    assert [len(part) for part in (data.training, data.validation, data.test)] == [2, 2, 2]


def test_without_mnist_the_sentence_says_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "DEFAULT_FOLDER", tmp_path / "mnist")

    with pytest.raises(DataError, match=r"there is no .*mnist: put the four MNIST files"):
        load_digits(None)


def test_without_mnist_a_smoke_test_draws_its_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "DEFAULT_FOLDER", tmp_path / "mnist")

    data = load_digits(None, smoke=True)

    assert data.name == "digits drawn by Pillow"
    assert len(np.unique(data.training.labels)) == 10


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        load_digits(tmp_path / "nothing")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither the four IDX files nor a folder"):
        load_digits(tmp_path)


def test_one_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds only one class, 'seven'"):
        load_digits(write_folders(tmp_path, {"seven": 7}))


def test_one_label_in_idx_files_is_refused(tmp_path: Path) -> None:
    write_idx(tmp_path)
    fives = idx_bytes(np.full(60, 5, np.uint8))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(fives))

    with pytest.raises(DataError, match="two classes are needed"):
        load_digits(tmp_path)


def test_a_class_with_too_few_pictures_is_refused(tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": 1, "b": 2})
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=r"empty holds 0 PNG or JPEG pictures; .* at least 3"):
        load_digits(tmp_path)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": 1, "b": 2})
    (tmp_path / "b" / "99.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")

    with pytest.raises(DataError, match=r"b/99\.png: "):
        load_digits(tmp_path)


def test_test_labels_that_training_never_saw_are_refused(tmp_path: Path) -> None:
    write_idx(tmp_path)
    labels = idx_bytes(np.full(30, 11, np.uint8))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))

    with pytest.raises(DataError, match="classes that the training labels lack"):
        load_digits(tmp_path)


IMAGES = "train-images-idx3-ubyte"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "does not start with the magic number"),
        (b"\0\0\x0d\x03" + bytes(12), "does not start with the magic number"),
        (idx_bytes(np.zeros((60, 28, 28), np.uint8))[:-1], "47040 bytes of data but holds 47039"),
        (idx_bytes(np.zeros((60, 28, 28), np.uint8)) + b"\0", "but holds 47041"),
        (idx_bytes(np.zeros((59, 28, 28), np.uint8)), "holds 59 images but .* 60 labels"),
        (idx_bytes(np.zeros((60, 20, 30), np.uint8)), "have 20 x 30 pixels, not 28 x 28"),
    ],
    ids=["empty", "other type", "truncated", "too long", "count differs", "other size"],
)
def test_a_wrong_idx_file_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    write_idx(tmp_path, zipped=False)
    (tmp_path / IMAGES).write_bytes(content)

    with pytest.raises(DataError, match=sentence):
        load_digits(tmp_path)


def test_a_truncated_gz_file_is_refused(tmp_path: Path) -> None:
    write_idx(tmp_path)
    path = tmp_path / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError, match="cannot be read"):
        load_digits(tmp_path)


def test_a_missing_idx_file_is_named(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(DataError, match="has no t10k-labels-idx1-ubyte"):
        load_digits(tmp_path)
