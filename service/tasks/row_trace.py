"""The belief after every row: what a model says of an image whose later rows are still blank.

That needs nothing of a network, whatever it reads at a step and from which side: the images are
ordinary rows of ordinary passes. Blank rows change nothing, so they cost nothing.

Axis letters: B images, R rows of an image, W pixels of a row, P images shown in part, C classes.
"""

from collections.abc import Sequence

import numpy as np

from service.errors import Fault, InvalidInput
from service.rows import Array

MAX_TRACED = 128  # images; each is up to 28 rows for the batcher


class RowTrace:
    """Makes images that are shown in part, and gives every row of every image its answer.

    Shape:
        images: (B, R, W) float32, blank = 0.

    Raises:
        InvalidInput: there are more than ``MAX_TRACED`` images.
    """

    def __init__(self, images: Array) -> None:
        if len(images) > MAX_TRACED:
            message = f"There are {len(images):,} images; with trace send 1 to {MAX_TRACED}"
            raise InvalidInput([Fault(("images",), message)])
        self._images = images
        self._news = (images != 0).any(axis=2)  # (B, R)
        self._news[:, 0] = True

    def shown_in_part(self) -> Array:
        """Every image up to each row that changes it: (P, R, W)."""
        of_image, last_row = np.nonzero(self._news)
        rows = np.arange(self._images.shape[1])
        visible = rows <= last_row[:, np.newaxis]  # (P, R)
        return np.where(visible[:, :, np.newaxis], self._images[of_image], np.float32(0))

    def by_row(self, answers: Array) -> Sequence[Array]:
        """The answers (P, C) to these as a matrix (R, C) for each image."""
        at = np.cumsum(self._news.ravel()) - 1
        shape = (*self._news.shape, -1)
        return list(np.ascontiguousarray(answers[at]).reshape(shape))
