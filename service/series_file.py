"""Series from a file for the command line: CSV, JSON lines or plain numbers, no pandas."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

Value = float | None
# Columns that say when, not how much, even where they hold numbers.
WHEN = frozenset({"ds", "date", "datetime", "time", "timestamp", "year", "month", "day", "index"})
MISSING = frozenset({"", "na", "nan", "null", "none", "-", "?"})
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}


class SeriesFileError(ValueError):
    """The file holds no series; the message says in which line."""


def read_series(stream: TextIO, name: str) -> dict[str, list[Value]]:
    """The series of a file, by name: a CSV column, a JSON line, or all its plain numbers.

    A CSV column that is no numbers at all (dates, labels) is left out.

    Raises:
        SeriesFileError: there is no series, or a line is not what the rest promises.
    """
    if Path(name).suffix.lower() in JSON_SUFFIXES:
        series = dict(_from_json_lines(stream))
    else:
        series = _from_table(stream)
    if not any(series.values()):
        raise SeriesFileError(f"{name} holds no series of numbers")
    return series


def _from_json_lines(lines: Iterable[str]) -> Iterator[tuple[str, list[Value]]]:
    """Each line a list of numbers, or an object with ``values`` (or ``train``) and maybe ``id``."""
    for number, line in enumerate(filter(str.strip, lines), start=1):
        try:
            entry = json.loads(line)
            named = entry if isinstance(entry, dict) else {"values": entry}
            values = named["values"] if "values" in named else named["train"]
            yield str(named.get("id", number)), [None if v is None else float(v) for v in values]
        except (ValueError, TypeError, KeyError) as error:
            raise SeriesFileError(f"line {number} is not a series: {error}") from error


def _from_table(stream: TextIO) -> dict[str, list[Value]]:
    rows = [[cell.strip() for cell in row] for row in _records(stream) if any(map(str.strip, row))]
    if not rows:
        return {}
    has_header = not any(map(_is_number, rows[0]))
    header = rows[0] if has_header else [str(column + 1) for column in range(len(rows[0]))]
    body = _rectangular(rows[has_header:], len(header))
    if {"unique_id", "y"} <= set(header):
        return _from_long(body, header.index("unique_id"), header.index("y"))
    columns = list(zip(*body, strict=True))
    return {
        name or str(at + 1): [_number(cell) for cell in column]
        for at, (name, column) in enumerate(zip(header, columns, strict=False))
        if name.lower() not in WHEN and _is_series(column)
    }


def _from_long(rows: Iterable[list[str]], key: int, value: int) -> dict[str, list[Value]]:
    """A row a value, as in ``unique_id,ds,y``; rows of a series are in the order of time."""
    series: dict[str, list[Value]] = {}
    for row in rows:
        if not _is_number(row[value]) and row[value].lower() not in MISSING:
            raise SeriesFileError(f"{row[value]!r} in column y is not a number")
        series.setdefault(row[key], []).append(_number(row[value]))
    return series


def _records(stream: TextIO) -> Iterable[list[str]]:
    text = stream.read()
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    if delimiter in first:
        return csv.reader(text.splitlines(), delimiter=delimiter)
    plain = all(map(_is_number, first.split()))  # however they are spread over lines
    return [[cell] for cell in (text.split() if plain else text.splitlines())]


def _rectangular(rows: Sequence[list[str]], width: int) -> list[list[str]]:
    """Short rows are filled up with missing values: series may end before others do."""
    for number, row in enumerate(rows, start=1):
        if len(row) > width:
            raise SeriesFileError(f"data row {number} has {len(row)} cells, the first has {width}")
    return [row + [""] * (width - len(row)) for row in rows]


def _is_series(column: Sequence[str]) -> bool:
    known = [cell for cell in column if cell.lower() not in MISSING]
    return bool(known) and all(map(_is_number, known))


def _is_number(cell: str) -> bool:
    try:
        return cell.lower() not in MISSING and abs(float(cell)) < float("inf")
    except ValueError:
        return False


def _number(cell: str) -> Value:
    return None if cell.lower() in MISSING else float(cell)
