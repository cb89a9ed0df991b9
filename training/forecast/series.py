"""What a series is, whatever file it came from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.errors import DataError

Values = npt.NDArray[np.float64]
DETECT = 0  # a season length that the network finds by itself


@dataclass(frozen=True)
class Series:
    """One series, oldest value first, NaN where missing but not at either end.

    ``future`` is the official test part of a benchmark series; empty elsewhere.
    """

    name: str
    values: Values
    season_length: int = DETECT
    future: Values | None = None


def trimmed(place: str, values: Values) -> Values:
    """Cut missing values off both ends.

    Raises:
        DataError: nothing is left, or a value is infinite.
    """
    if np.isinf(values).any():
        raise DataError(f"{place}: a value is infinite; leave it out or write it as missing")
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        raise DataError(f"{place}: every value is missing; remove this series")
    return values[known[0] : known[-1] + 1]
