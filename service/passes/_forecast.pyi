"""The forecaster's pass in C; service/passes/forecast.py is its only caller."""

from collections.abc import Mapping

from service.rows import Array

def level() -> int: ...
def prepare(arrays: Mapping[str, Array], /) -> object: ...
def forward(
    network: object,
    level: int,
    n_rows: int,
    n_steps: int,
    values: Array,
    season_length: Array,
    mean: Array,
    quantiles: Array,
    used: Array,
    /,
) -> None: ...
