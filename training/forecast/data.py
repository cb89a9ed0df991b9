"""Series from a file or a folder: JSON lines here, tables in ``tables.py``."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import DataError
from training.forecast.series import DETECT, Series, Values, trimmed

LONGEST_SEASON = 366
_GZIP_MAGIC = b"\x1f\x8b"
TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")
JSON_SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".json")


def read_series(path: Path, season_length: int | None = None) -> list[Series]:
    """Read every series of a file, or of every JSON-lines file directly in a folder.

    Raises:
        DataError: nothing is there, or it makes no sense; the message names the place.
    """
    found = [series for file in series_files(path) for series in _read_file(file)]
    if not found:
        raise DataError(f"{path} holds no series: give a file with at least one value")
    if season_length is None:
        return found
    return [Series(s.name, s.values, season_length, s.future) for s in found]


def series_files(path: Path) -> list[Path]:
    """The file itself, or the JSON-lines files of a folder by name.

    Raises:
        DataError: there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path} does not exist: give --data a file of series")
    files = sorted(file for file in path.iterdir() if file.name.endswith(JSON_SUFFIXES))
    if not files:
        raise DataError(f"{path} holds no JSON-lines file: give --data a file of series")
    return files


def _read_file(path: Path) -> list[Series]:
    if path.name.lower().endswith(JSON_SUFFIXES):
        return _read_json_lines(path)
    if path.name.lower().endswith(TABLE_SUFFIXES):
        from training.forecast.tables import read_table  # noqa: PLC0415 - pandas is slow to load

        return read_table(path)
    known = ", ".join((*TABLE_SUFFIXES, *JSON_SUFFIXES))
    raise DataError(f"{path}: what format is this? The name must end in one of {known}")


def _read_json_lines(path: Path) -> list[Series]:
    content = path.read_bytes()
    try:
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
        lines = content.decode("utf-8").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    return [_record(f"{path} line {n}", line) for n, line in enumerate(lines, 1) if line.strip()]


def _record(place: str, line: str) -> Series:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place} is not JSON: {error}") from error
    values = record.get("values", record.get("train")) if isinstance(record, dict) else None
    if not isinstance(values, list):
        raise DataError(f'{place}: an object with a list "values" is needed')
    season = record.get("season_length", DETECT)
    if type(season) is not int or season < 0:
        raise DataError(f"{place}: season_length must be a whole number, got {season!r}")
    future = record.get("test")
    return Series(
        str(record.get("id", place)),
        trimmed(place, _numbers(place, values)),
        season if season <= LONGEST_SEASON else DETECT,
        _numbers(place, future) if isinstance(future, list) else None,
    )


def _numbers(place: str, values: list[Any]) -> Values:
    for position, value in enumerate(values):
        if value is not None and type(value) not in (int, float):
            raise DataError(f"{place}: value {position} is {value!r}, which is not a number")
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
