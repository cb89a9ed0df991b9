"""The forecaster's pass in C: the door to service/passes/forecast/, which holds it.

docs/decisions/0040-forecasts-in-c.md says why it is there.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.passes.contract import CompiledPass, Part
from service.passes.forecast_layout import arrays_of
from service.passes.forecast_probes import probes
from service.rows import Array

# What two orders of the same sums differ by, and some room.
ALIKE = 1e-4

try:
    from service.passes import _forecast
except ImportError:  # installed without a compiler, or for another processor
    _forecast = None  # type: ignore[assignment]

__all__ = ["ALIKE", "make", "pass_at", "probes"]

HORIZON, LEVELS = 64, 13


def make(part: Part) -> CompiledPass | None:
    """The pass with the weights of a graph; None where it cannot be had, and the graph computes.

    It cannot where it was not compiled, where the processor has neither AVX512 nor AVX2, and for
    graphs of other sizes than those that ``seqserve train forecast`` makes by default.
    """
    level = _forecast.level() if _forecast else 0
    arrays = arrays_of(part) if level else None
    if arrays is None:
        return None
    return pass_at(level, arrays)


def pass_at(level: int, arrays: dict[str, Array]) -> CompiledPass:
    """The pass for processors of a level: 4 with AVX512, 3 with AVX2."""
    network: Any = _forecast.prepare(arrays)

    def forecast(inputs: Sequence[Array]) -> tuple[Array, ...]:
        values, season_length = inputs
        n_rows, n_steps = values.shape
        mean = np.empty((n_rows, HORIZON), np.float32)
        quantiles = np.empty((n_rows, HORIZON, LEVELS), np.float32)
        used = np.empty(n_rows, np.int64)
        shape = (n_rows, n_steps)
        _forecast.forward(network, level, *shape, values, season_length, mean, quantiles, used)
        return mean, quantiles, used

    return forecast
