"""Whole HTTP/1.1 responses as bytes, for what is answered without an application."""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

Headers = Iterable[tuple[bytes, bytes]]


def raw_response(status: int, headers: Headers, body: bytes, *, keep_alive: bool) -> bytes:
    """Head and body in one piece; ``headers`` are those besides content-length and connection."""
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"content-length: %d\r\n" % len(body))
    parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
    parts.append(body)
    return b"".join(parts)
