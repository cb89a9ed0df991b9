"""One image seen three times: as it is, moved up by a row, and moved down by one.

A reader whose steps are several rows meets other steps in each, and the mean of its answers is
better than any of them (docs/decisions/0043-views.md). The service computes the reader that ships
in C as well (``service/passes/digits``): whoever changes this changes that.

Axis letters as in ``models.row_classifier``, and V views.
"""

import torch
from torch import Tensor
from torch.nn import functional

NUMBERS_OF_VIEWS = (1, 3)
"""The image alone, or with both moved ones."""


def checked_views(n_views: int) -> int:
    """The number itself.

    Raises:
        ValueError: it is none of ``NUMBERS_OF_VIEWS``.
    """
    if n_views not in NUMBERS_OF_VIEWS:
        raise ValueError(f"n_views must be one of {NUMBERS_OF_VIEWS}, got {n_views}")
    return n_views


def views_of(images: Tensor, n_views: int) -> Tensor:
    """All images, then all of them moved up, then all of them moved down.

    The row that leaves an image is lost, the one that it leaves behind is black.

    Shape:
        images: (B, R, W) of any dtype; returns: (V * B, R, W).
    """
    if n_views == 1:
        return images
    up = functional.pad(images[:, 1:], [0, 0, 0, 1])
    down = functional.pad(images[:, :-1], [0, 0, 1, 0])
    return torch.cat([images, up, down])


def mean_over_views(answers: Tensor, n_views: int) -> Tensor:
    """From the answers to ``views_of`` some images to those to the images: (V * B, C) -> (B, C).

    Source: Krizhevsky, Sutskever & Hinton 2012, section 4.1 (the mean of the softmax over moved
    copies of an image).
    """
    if n_views == 1:
        return answers
    n_images, n_classes = answers.size(0) // n_views, answers.size(1)
    return answers.view(n_views, n_images, n_classes).mean(dim=0)
