"""A user's own signals: a table with a column of inputs and one of outputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.errors import DataError
from training.transduce.signals import Floats

LARGEST = 1e30


def read_columns(path: Path, inputs: str | None, outputs: str | None) -> tuple[Floats, Floats]:
    """The two columns, a row a sample, oldest first.

    Raises:
        DataError: no such file, not a table, no such column, a cell that is no number.
    """
    table = _load(path)
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    if len(table.columns) < 2:
        raise DataError(f"{path}: two columns are needed, one of inputs and one of outputs")
    return (
        _numbers(path, table, inputs or str(table.columns[0]), "--input-column"),
        _numbers(path, table, outputs or str(table.columns[1]), "--output-column"),
    )


def _load(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"{path} is not a file: give --data a table of inputs and outputs")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",", skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty: a header and a row a sample are needed") from error
    except (ValueError, OSError, EOFError) as error:
        reason = (str(error).strip() or "damaged").splitlines()[0]
        raise DataError(f"{path} cannot be read as a table: {reason}") from error


def _numbers(path: Path, table: pd.DataFrame, name: str, flag: str) -> Floats:
    if name not in table.columns:
        known = ", ".join(table.columns)
        raise DataError(f"{path} has no column {name!r}; {flag} may be one of: {known}")
    column: pd.Series[Any] = pd.to_numeric(table[name], errors="coerce")
    values = column.to_numpy(dtype=np.float64)
    wrong = ~(np.abs(values) <= LARGEST)
    if wrong.any():
        at = int(wrong.argmax())
        cell = table[name].iloc[at]
        shown = "nothing" if pd.isna(cell) else repr(cell)
        raise DataError(
            f"{path}: column {name!r} holds {shown} in row {at + 2}; every sample "
            "must be a number, so fill gaps first"
        )
    return values.astype(np.float32)
