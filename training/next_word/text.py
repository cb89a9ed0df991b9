"""Plain text from files: UTF-8, plain or gz, one file or a folder of them."""

import gzip
import re
import zlib
from pathlib import Path

from training.errors import DataError

SUFFIXES = (".txt", ".txt.gz", ".text", ".md")
GZIP_MAGIC = b"\x1f\x8b"
# Corpora that are cut into tokens by spaces write "do n't" and "I 'm".
_CUT_CONTRACTION = re.compile(r"(?<=[^\W\d_])\s(n['\u2019]t|['\u2019](?:s|m|re|ve|ll|d))\b", re.I)


def find_files(path: Path) -> list[Path]:
    """The file itself, or the texts below the folder in the order of their names.

    Raises:
        DataError: there is nothing at ``path``, or no text in the folder.
    """
    if path.is_dir():
        found = sorted(item for item in path.rglob("*") if item.name.lower().endswith(SUFFIXES))
        if not found:
            raise DataError(f"{path} holds no text: looked for {', '.join(SUFFIXES)}")
        return found
    if not path.is_file():
        raise DataError(f"{path} does not exist: give a text file or a folder of them")
    return [path]


def read_text(path: Path, *, longest: int | None = None) -> str:
    """The text of one file, or its first ``longest`` characters; contractions joined.

    Raises:
        DataError: unreadable, damaged gz, binary, or not UTF-8.
    """
    try:
        raw = path.read_bytes()
        if raw.startswith(GZIP_MAGIC):
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if b"\x00" in raw:
        raise DataError(f"{path} is a binary file, not text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 text (byte {error.start}): convert it, for example with iconv"
        ) from error
    return _CUT_CONTRACTION.sub(r"\1", text[:longest].replace("\r\n", "\n"))
