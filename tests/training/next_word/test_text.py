import gzip
from pathlib import Path

import pytest

from training.errors import DataError
from training.next_word.text import find_files, read_text


def test_plain_and_gz_read_alike(tmp_path: Path) -> None:
    text = "One line.\r\nCaf\u00e9.\n"
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text.encode()))

    read = [read_text(path) for path in find_files(tmp_path)]

    assert read == ["One line.\nCaf\u00e9.\n"] * 2


def test_only_the_start_of_a_text_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two three")

    assert read_text(tmp_path / "a.txt", longest=7) == "one two"


def test_contractions_cut_by_spaces_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    path.write_text("Let 's see , I do n't and I \u2019m the dogs ' food")

    assert read_text(path) == "Let's see , I don't and I\u2019m the dogs ' food"


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "c.png", "sub/d.TXT.GZ"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert [path.name for path in find_files(tmp_path)] == ["a.md", "b.txt", "d.TXT.GZ"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"caf\xe9", "not UTF-8 text", id="latin-1"),
        pytest.param(b"\x89PNG\x00\x01", "binary file", id="binary"),
        pytest.param(gzip.compress(b"some words")[:-4], "cannot read", id="damaged-gz"),
        pytest.param(b"\x1f\x8b\x00", "cannot read", id="no-gz-at-all"),
    ],
)
def test_what_is_no_text_is_refused_with_a_sentence(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(content)

    with pytest.raises(DataError, match=sentence) as caught:
        read_text(path)
    assert "\n" not in str(caught.value)


def test_a_missing_path_and_a_folder_without_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        find_files(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no text"):
        find_files(tmp_path)
