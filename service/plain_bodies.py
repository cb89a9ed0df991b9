"""What the fast readers share: which fields a plain body has, and what it becomes.

Fields are as a parser of JSON hands them out. What is not certain is None, or a ``ValueError``:
then the full path decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.rows import Array
from service.tasks.forecast_api import MAX_HORIZON, MAX_POINTS, SeriesArrays

Fields = Mapping[str, Any]

CHOICE = {"model": 128, "version": 32}
OF_IMAGES = frozenset({"images", *CHOICE})
FLAGS = ("unfinished", "capitalize", "marks", "start")
OF_CONTEXTS = frozenset({"contexts", "top_k", *FLAGS, *CHOICE})
OF_SERIES = frozenset({"series", "horizon", "season_length", "quantiles", "levels", *CHOICE})


def are_chosen(fields: Fields) -> bool:
    """Whether the model and the version are absent, null or names of a valid length."""
    for name, longest in CHOICE.items():
        given = fields.get(name)
        if given is not None and not (type(given) is str and 1 <= len(given) <= longest):
            return False
    return True


def are_flags(fields: Fields) -> bool:
    """Whether all flags are true, false or absent."""
    return all(type(fields.get(flag, True)) is bool for flag in FLAGS)


def is_whole(number: object, largest: int) -> bool:
    """Whether it is null or a whole number from 1 on."""
    return number is None or (type(number) is int and 1 <= number <= largest)


def cut(values: Array, lengths: Sequence[int]) -> Sequence[Array] | Array:
    """Series one after the other in ``values``, each on its own; a matrix if equally long."""
    if min(lengths) == max(lengths):
        return values.reshape(len(lengths), -1)
    return np.split(values, np.cumsum(lengths[:-1]))


def series_request(fields: Fields, series: Sequence[Array] | Array) -> SeriesArrays | None:
    """The request for these series, if all other fields are plain.

    Raises:
        ValueError, TypeError: the quantiles or levels are not.
    """
    if "quantiles" in fields and "levels" in fields:
        return None
    horizon, season = fields.get("horizon"), fields.get("season_length")
    if not is_whole(horizon, MAX_HORIZON) or not is_whole(season, MAX_POINTS):
        return None
    quantiles = _numbers(fields.get("quantiles"), most=99, largest=1)
    levels = _numbers(fields.get("levels"), most=49, largest=99.99)
    if quantiles and 1.0 in quantiles:
        return None
    chosen = (fields.get("model"), fields.get("version"))
    return SeriesArrays(series, horizon, season, quantiles, levels, *chosen)


def _numbers(given: Any, *, most: int, largest: float) -> list[float] | None:
    """A list of numbers above 0, at most ``largest``; None for none.

    Raises:
        ValueError, TypeError: it is something else.
    """
    if given is None:
        return None
    numbers = list(given)
    if not 1 <= len(numbers) <= most or not {type(each) for each in numbers} <= {float, int}:
        raise ValueError
    if not all(0 < number <= largest for number in numbers):
        raise ValueError
    return [float(number) for number in numbers]
