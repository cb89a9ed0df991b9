"""The two readers of numbers: the one in C, and what stands in for it where that is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service import compiled_json

COMPILED, PARSED = "compiled", "parsed"
READERS = [
    pytest.param(
        COMPILED, marks=pytest.mark.skipif(not compiled_json.COMPILED, reason="not compiled")
    ),
    PARSED,
]


@contextmanager
def read_by(reader: str) -> Iterator[None]:
    """Numbers are read by this one meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_json, "COMPILED", reader == COMPILED)
        yield
