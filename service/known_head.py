"""Heads that were parsed before: clients send theirs again and again, byte for byte.

Only the length of the body differs from one request to the next. So a head that was found plain is
remembered but for these digits, and recognised by comparing bytes, without a parser
(docs/decisions/0023-known-heads.md).
"""

from collections.abc import Sequence
from typing import NamedTuple

from service.door import Line
from service.fast_path import Endpoint

END = b"\r\n\r\n"
LENGTH = b"content-length"
# A body of so many digits would be refused anyway.
MOST_DIGITS = 9


class PlainHead(NamedTuple):
    """What is to be known of the head of a plain request, whatever the length of its body."""

    path: str
    endpoint: Endpoint
    line: Line
    given_id: bytes | None
    timeout_s: float


class KnownHead:
    """The bytes of a head ``before`` the digits of its content-length and ``after`` them."""

    __slots__ = ("_start", "after", "before", "head")

    def __init__(self, before: bytes, after: bytes, head: PlainHead) -> None:
        self.before = before
        self.after = after
        self._start = len(before)
        self.head = head

    def split(self, data: bytes) -> tuple[int, int]:
        """Where the body begins in ``data``, and how long it is; (0, 0) if this is another head."""
        start = self._start
        if not data.startswith(self.before):
            return 0, 0
        end = data.find(b"\r", start, start + MOST_DIGITS)
        digits = data[start:end]
        if end < 0 or not digits.isdigit() or not data.startswith(self.after, end):
            return 0, 0
        return end + len(self.after), int(digits)


def learned(
    data: bytes, url: bytes, headers: Sequence[tuple[bytes, bytes]], head: PlainHead
) -> KnownHead | None:
    """How to recognise the head that ``data`` begins with, read by the parser as ``headers``.

    None if there is any doubt about where it ends, or about its length: two of them, white space
    behind the digits, a line that continues another.
    """
    end = data.find(END)
    first, *lines = data[: max(end, 0)].split(b"\r\n")
    if first != b"POST %b HTTP/1.1" % url or [_header(line) for line in lines] != list(headers):
        return None
    at = [number for number, (name, _) in enumerate(headers) if name == LENGTH]
    if len(at) != 1 or not lines[at[0]].endswith(digits := headers[at[0]][1]):
        return None
    place = len(b"\r\n".join([first, *lines[: at[0] + 1]]))
    return KnownHead(data[: place - len(digits)], data[place : end + len(END)], head)


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")
