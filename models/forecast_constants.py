"""Numbers as tensors.

A bare number in an operation becomes a tensor at every pass, which costs more than the operation
itself on a few rows; freezing an export folds these into constants.
"""

import torch
from torch import Tensor


def number(value: float) -> Tensor:
    """A tensor without axes, of the type of whatever it meets."""
    return torch.tensor(value)


def whole(value: int) -> Tensor:
    """The same for whole numbers."""
    return torch.tensor(value)
