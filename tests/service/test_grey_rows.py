"""Rows of whole grey levels, read at once where the processor can, are those read one by one."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.compiled_json import COMPILED, read_images
from tests.service.odd_bodies import images

pytestmark = pytest.mark.skipif(not COMPILED, reason="not compiled: no compiler when installed")

many = settings(max_examples=300, deadline=None)
randoms = st.integers(0, 2**32).map(Random)
LEVELS = ((0,), (0, 7), (0, 42, 255), (100, 199, 200, 249, 250, 255), tuple(range(256)))


def grid(random: Random) -> list[list[int]]:
    return [random.choices(random.choice(LEVELS), k=28) for _ in range(28)]


def spaced(body: bytes) -> bytes:
    """As Python's own json writes it."""
    return body.replace(b",", b", ")


def one_by_one(body: bytes) -> bytes:
    """The same for JSON, but no row of it is read at once."""
    return body.replace(b"[", b"[ ")


@many
@given(randoms, st.integers(1, 2))
def test_whole_levels_are_those_that_were_sent(random: Random, n_images: int) -> None:
    grids = [grid(random) for _ in range(n_images)]
    body = images(grids)

    for text in (body, spaced(body), one_by_one(body)):
        found = read_images(text)
        assert found is not None
        np.testing.assert_array_equal(found.images, np.array(grids, np.float32))


@many
@given(randoms)
def test_a_slip_of_the_pen_is_seen_by_both(random: Random) -> None:
    whole = images([grid(random)])
    body = bytearray(random.choice((whole, spaced(whole))))
    start = body.index(b"[")
    for _ in range(random.randint(1, 2)):
        at = random.randrange(start, len(body))
        body[at : at + random.choice((0, 1, 1, 1, 2))] = random.choice(
            (
                *(b"0", b"9", b",", b"[", b"]", b".", b"1.5", b"-", b" ", b"e"),
                b"",
                b"\0",
                b"\xb0",
                b"256",
            )
        )

    at_once, slowly = read_images(bytes(body)), read_images(one_by_one(bytes(body)))
    assert (at_once is None) == (slowly is None)
    if at_once is not None and slowly is not None:
        np.testing.assert_array_equal(at_once.images, slowly.images)


@pytest.mark.parametrize(
    "level", [b"256", b"260", b"299", b"300", b"999", b"1000", b"00", b"01", b"012", b"", b"-1"]
)
@pytest.mark.parametrize("column", [0, 13, 15, 27])
def test_what_is_no_level_is_not_read(level: bytes, column: int) -> None:
    row = [b"255"] * 28
    row[column] = level
    body = images([[[255] * 28] * 28])
    whole = b"[" + b",".join([b"255"] * 28) + b"]"

    body = body.replace(whole, b"[" + b",".join(row) + b"]", 1)

    assert read_images(body) is None
    assert read_images(spaced(body)) is None


@pytest.mark.parametrize("n_levels", [0, 1, 27, 29, 32, 33, 56, 64])
def test_a_row_of_another_length_is_not_read(n_levels: int) -> None:
    rows = [[7] * 28 for _ in range(28)]
    rows[3] = [200] * n_levels

    assert read_images(images([rows])) is None
    assert read_images(spaced(images([rows]))) is None
