"""NaN and infinity are seen wherever they are, in C and without it."""

import numpy as np
import pytest

from service import finite
from service.rows import Array

ODD = (np.nan, -np.nan, np.inf, -np.inf)


@pytest.fixture(params=["compiled", "numpy"])
def by_both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        monkeypatch.setattr(finite, "finite", lambda _: None)


@pytest.mark.usefixtures("by_both")
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("at", [0, 17, 36])
def test_one_odd_number_is_seen(kind: type[np.floating], odd: float, at: int) -> None:
    array = np.linspace(-65000, 65000, 37).astype(kind)
    assert finite.is_finite(array)

    array[at] = odd
    assert not finite.is_finite(array)
    assert not finite.is_finite(array[::-1])


@pytest.mark.usefixtures("by_both")
@pytest.mark.parametrize(
    "array",
    [
        np.empty((0, 10), np.float32),
        np.array([np.finfo(np.float32).max, np.finfo(np.float32).tiny, -0.0], np.float32),
        np.array([0x7F800000, -1]),  # whole numbers with the bits of infinity
        np.array([True, False]),
        np.ones((3, 4), np.float32)[:, ::2],
    ],
)
def test_everything_else_is_finite(array: Array) -> None:
    assert finite.is_finite(array)
