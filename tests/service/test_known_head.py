"""A head that was parsed before is recognised by its bytes, whatever the length of the body."""

import pytest

from service.door import Line
from service.fast_path import ENDPOINTS
from service.known_head import KnownHead, PlainHead, learned

HEAD = PlainHead("/classify", ENDPOINTS["/classify"], Line("/classify"), None, 30.0)
URL = b"/classify"
BEFORE = b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: "
AFTER = b"\r\nX-Timeout-Ms: 500\r\n\r\n"
HEADERS = [(b"host", b"x"), (b"content-length", b"17"), (b"x-timeout-ms", b"500")]


@pytest.fixture
def known() -> KnownHead:
    found = learned(BEFORE + b"17" + AFTER + b"body", URL, HEADERS, HEAD)
    assert found
    assert found.head is HEAD
    return found


@pytest.mark.parametrize("length", [1, 17, 2468, 12_345_678])
def test_only_the_length_of_the_body_may_differ(known: KnownHead, length: int) -> None:
    head = BEFORE + b"%d" % length + AFTER

    assert known.split(head) == (len(head), length)
    assert known.split(head + b"POST / HTTP/1.1\r\n\r\n") == (len(head), length)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        BEFORE,
        BEFORE + b"17",
        BEFORE + b"17" + AFTER[:-1],
        BEFORE + AFTER,
        BEFORE + b"-1" + AFTER,
        BEFORE + b" 7" + AFTER,
        BEFORE + b"1_7" + AFTER,
        BEFORE + b"123456789012" + AFTER,
        BEFORE + b"17" + AFTER.replace(b"500", b"501"),
        BEFORE.replace(b"POST", b"post") + b"17" + AFTER,
        b"\r\n" + BEFORE + b"17" + AFTER,
        BEFORE + b"17" + AFTER.replace(b"\r\n\r\n", b"\r\nA: b\r\n\r\n"),
    ],
)
def test_everything_else_is_another_head(known: KnownHead, data: bytes) -> None:
    assert known.split(data) == (0, 0)


def test_a_head_may_end_with_the_length() -> None:
    data = b"POST /classify HTTP/1.1\r\ncontent-length:3\r\n\r\nabc"
    known = learned(data, URL, [(b"content-length", b"3")], HEAD)

    assert known
    assert known.split(data) == (len(data) - 3, 3)


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        pytest.param(BEFORE + b"17", HEADERS, id="no end"),
        pytest.param(b"\r\n\r\n" + BEFORE + b"17" + AFTER, HEADERS, id="empty lines first"),
        pytest.param(BEFORE + b"17 " + AFTER, HEADERS, id="space behind the length"),
        pytest.param(BEFORE + b"17" + AFTER, HEADERS[:2], id="a header less"),
        pytest.param(BEFORE + b"17" + AFTER, [*HEADERS[:2], (b"x", b"500")], id="another name"),
        pytest.param(BEFORE + b"18" + AFTER, HEADERS, id="another value"),
        pytest.param(
            (BEFORE + b"17" + AFTER).replace(b"/classify", b"/forecast"), HEADERS, id="another url"
        ),
        pytest.param(
            (BEFORE + b"17" + AFTER).replace(b"1.1", b"1.0"), HEADERS, id="another version"
        ),
        pytest.param(
            BEFORE + b"17\r\nContent-Length: 17" + AFTER,
            [HEADERS[0], HEADERS[1], HEADERS[1], HEADERS[2]],
            id="two lengths",
        ),
        pytest.param(
            b"POST /classify HTTP/1.1\r\nHost: x\r\n\r\n", [(b"host", b"x")], id="no length"
        ),
        pytest.param(
            BEFORE + b"17\r\nA: b\r\n c\r\n\r\n", [*HEADERS[:2], (b"a", b"b c")], id="folded"
        ),
    ],
)
def test_nothing_is_learned_where_there_is_doubt(
    data: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    assert learned(data, URL, headers, HEAD) is None
