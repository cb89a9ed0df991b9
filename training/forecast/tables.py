"""CSV and Parquet files of series: long (``unique_id, ds, y``) or wide (a column a series)."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.errors import DataError
from training.forecast.calendar import on_grid
from training.forecast.series import DETECT, Series, Values, trimmed

LONG_COLUMNS = ("unique_id", "ds", "y")
DATE_NAMES = {"ds", "date", "dates", "datetime", "timestamp", "time", "day", "week", "month"}


def read_table(path: Path) -> list[Series]:
    """Read a table in either layout.

    Raises:
        DataError: not a table, empty, unknown columns, no number, no date, a date twice.
    """
    table = _load(path)
    if table.empty or not len(table.columns):
        raise DataError(f"{path} is empty: a header and at least one row are needed")
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    if "unique_id" in table.columns:
        return _long(path, table)
    return _wide(path, table)


def _load(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            table = pd.read_parquet(path)
            return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
        separator = "\t" if ".tsv" in name else ","
        return pd.read_csv(path, sep=separator, skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty: a header and at least one row are needed") from error
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        raise DataError(f"{path} cannot be read as a table: {reason}") from error


def _long(path: Path, table: pd.DataFrame) -> list[Series]:
    unknown = sorted(set(table.columns) - set(LONG_COLUMNS))
    missing = sorted({"unique_id", "y"} - set(table.columns))
    if unknown or missing:
        what = f"unknown columns {unknown}" if unknown else f"no column {missing[0]}"
        raise DataError(f"{path}: {what}; the long layout has unique_id, ds and y, nothing else")
    table["y"] = _numeric(path, table["y"])
    if table["unique_id"].isna().any():
        raise DataError(
            f"{path}: unique_id is empty in row {_first_row(table['unique_id'].isna())}"
        )
    dates = _dates(path, table["ds"]) if "ds" in table.columns else None
    groups = table.groupby("unique_id", sort=True).indices
    return [
        _series(path, str(name), _floats(table["y"].iloc[np.asarray(rows)]), _rows(dates, rows))
        for name, rows in groups.items()
    ]


def _wide(path: Path, table: pd.DataFrame) -> list[Series]:
    date_column = _find_dates(table)
    names = [name for name in table.columns if name != date_column]
    if not names:
        raise DataError(f"{path}: only dates and no column of values")
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have the same name")
    dates = None if date_column is None else _dates(path, table[date_column])
    return [_series(path, name, _floats(_numeric(path, table[name])), dates) for name in names]


def _series(path: Path, name: str, values: Values, dates: "pd.DatetimeIndex | None") -> Series:
    place = f"{path} series {name!r}"
    season = DETECT
    if dates is not None:
        values, season = on_grid(place, values, dates)
    return Series(name, trimmed(place, values), season)


def _find_dates(table: pd.DataFrame) -> str | None:
    for name in table.columns:
        if name.lower() in DATE_NAMES or pd.api.types.is_datetime64_any_dtype(table[name]):
            return str(name)
    first = table.columns[0]
    return None if pd.api.types.is_numeric_dtype(table[first]) else str(first)


def _numeric(path: Path, column: "pd.Series[Any]") -> "pd.Series[Any]":
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = _first_row(wrong)
        raise DataError(
            f"{path}: column {column.name!r} holds {column.iloc[row - 2]!r} in row {row}, "
            "which is not a number"
        )
    return numbers


def _dates(path: Path, column: "pd.Series[Any]") -> pd.DatetimeIndex:
    if pd.api.types.is_integer_dtype(column) and column.between(1000, 3000).all():
        column = column.astype(str)  # plain years; as numbers they would be nanoseconds
    elif pd.api.types.is_numeric_dtype(column):
        raise DataError(f"{path}: column {column.name!r} holds numbers where dates are expected")
    parsed = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if parsed.isna().all():  # another notation, the same in every row
        with warnings.catch_warnings():  # what cannot be read gets our own sentence below
            warnings.simplefilter("ignore", UserWarning)
            parsed = pd.to_datetime(column, errors="coerce", utc=True)
    wrong = parsed.isna()
    if wrong.any():
        row = _first_row(wrong)
        raise DataError(
            f"{path}: column {column.name!r} holds {column.iloc[row - 2]!r} in row {row}, "
            "which is not a date; write dates as 2024-01-31"
        )
    return pd.DatetimeIndex(parsed).tz_localize(None)


def _first_row(wrong: "pd.Series[bool]") -> int:
    """Line of the file, counted from 1 with the header."""
    return int(np.flatnonzero(wrong.to_numpy())[0]) + 2


def _floats(column: "pd.Series[Any]") -> Values:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _rows(dates: "pd.DatetimeIndex | None", rows: Any) -> "pd.DatetimeIndex | None":
    return None if dates is None else dates[rows]
