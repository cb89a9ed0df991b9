"""The tensors of every export of the task ``transduce``, and golden signals for it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.manifest import TensorSpec

Arrays = dict[str, npt.NDArray[Any]]


def transducer_inputs(state_size: int) -> tuple[TensorSpec, ...]:
    """Signals, padded on the right; how much of each is real; the states they start from."""
    return (
        TensorSpec("signals", "float32", (-1, -1), ("batch", "time")),
        TensorSpec("lengths", "int64", (-1,), ("batch",)),
        TensorSpec("states", "float32", (-1, state_size), ("batch", "state")),
    )


def transducer_outputs(state_size: int) -> tuple[TensorSpec, ...]:
    """An output for every sample, zero in the padding; the states to go on with."""
    return (
        TensorSpec("outputs", "float32", (-1, -1), ("batch", "time")),
        TensorSpec("states", "float32", (-1, state_size), ("batch", "state")),
    )


def golden_signals(signals: npt.NDArray[np.float32], state_size: int) -> list[Arrays]:
    """Examples for ``golden.json``: whole signals from a fresh start, and two of them cut short.

    Shape:
        signals: (B, T) float32, at least 2 of them, T at least 4.
    """
    n_signals, length = signals.shape
    cut = np.array([length - 1, length // 2], dtype=np.int64)
    padded = signals[:2].copy()
    padded[np.arange(length) >= cut[:, None]] = 0
    # States as a signal under way has them: small numbers of either sign.
    states = np.linspace(-0.5, 0.5, 2 * state_size, dtype=np.float32).reshape(2, state_size)
    fresh = np.zeros((n_signals, state_size), dtype=np.float32)
    whole = {"signals": signals, "lengths": np.full(n_signals, length), "states": fresh}
    return [whole, {"signals": padded, "lengths": cut, "states": np.abs(states)}]
