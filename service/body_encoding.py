"""Compressed request bodies: decompressed within a bound, so that a bomb stays small.

Source: RFC 9110 section 8.4 (content coding), RFC 1952 (gzip: members may follow one another),
RFC 8878 and RFC 9659 (zstd: frames too, windows of at most 8 MB).
"""

import zlib
from collections.abc import Callable

import zstandard

from service.asgi import App, Receive, Scope, Send, header
from service.body_reading import Replay, read_body
from service.errors import BodyTooLarge, BrokenEncoding, UnsupportedEncoding
from service.off_loop import OffLoop
from service.problem import body_too_large

GZIP_MEMBER = 31  # zlib's number for a gzip head and trailer around a window of any size
MAX_WINDOW_BYTES = 8 * 2**20
BROKEN = "The body is no {encoding} from beginning to end: {error}"
ACCEPTED = "gzip, zstd"


class Decompression:
    """Wrap ``app``, which then sees every body as it is, never compressed.

    Raises:
        UnsupportedEncoding: the body has another coding, or several.
        BrokenEncoding: it is not what its head says.
        BodyTooLarge: it is longer than ``max_bytes`` when decompressed; no more was made of it.
    """

    def __init__(self, app: App, *, max_bytes: int, off_loop: OffLoop) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.off_loop = off_loop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not compressed passes through."""
        encoding = header(scope, b"content-encoding") if scope["type"] == "http" else None
        if encoding is None:
            await self.app(scope, receive, send)
            return
        name = encoding.decode("latin-1").strip().lower()
        if name != "identity":
            decompress = decoder_of(name)
            packed = await read_body(receive)
            body = await self.off_loop.run(len(packed), lambda: decompress(packed, self.max_bytes))
            receive = Replay(body, receive).receive
        await self.app(_plain(scope), receive, send)


def _plain(scope: Scope) -> Scope:
    """The head of the request as if its body had come as it is."""
    gone = (b"content-encoding", b"content-length")
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in gone]}


def decoder_of(encoding: str) -> Callable[[bytes, int], bytes]:
    """The function that decompresses ``encoding`` up to a number of bytes.

    Raises:
        UnsupportedEncoding: there is none.
    """
    if encoding in ("gzip", "x-gzip"):
        return gunzip
    if encoding == "zstd":
        return unzstd
    raise UnsupportedEncoding(
        f"The body is compressed with {encoding[:40]!r}; send {ACCEPTED.replace(', ', ' or ')}, "
        "or as it is."
    )


def gunzip(packed: bytes, max_bytes: int) -> bytes:
    """All members of a gzip body, one after the other; zeros at its end are padding.

    Raises:
        BrokenEncoding, BodyTooLarge: see above.
    """
    parts: list[bytes] = []
    room = max_bytes
    rest = packed
    while rest or not parts:
        member = zlib.decompressobj(GZIP_MEMBER)
        try:
            parts.append(member.decompress(rest, room + 1))
        except zlib.error as error:
            raise BrokenEncoding(BROKEN.format(encoding="gzip", error=error)) from None
        room -= len(parts[-1])
        if room < 0:
            raise BodyTooLarge(body_too_large(max_bytes).detail)
        if not member.eof:
            raise BrokenEncoding(BROKEN.format(encoding="gzip", error="it ends too early"))
        rest = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def unzstd(packed: bytes, max_bytes: int) -> bytes:
    """All frames of a zstd body, one after the other.

    Raises:
        BrokenEncoding, BodyTooLarge: see above.
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    try:
        # Only a reader stops at a bound, and only an object knows whether a frame is complete.
        if (
            len(unpacker.stream_reader(packed, read_across_frames=True).read(max_bytes + 1))
            > max_bytes
        ):
            raise BodyTooLarge(body_too_large(max_bytes).detail)
        parts: list[bytes] = []
        rest = packed
        while rest or not parts:
            frame = unpacker.decompressobj()
            parts.append(frame.decompress(rest))
            if not frame.eof:
                raise BrokenEncoding(BROKEN.format(encoding="zstd", error="it ends too early"))
            rest = frame.unused_data
    except zstandard.ZstdError as error:
        raise BrokenEncoding(BROKEN.format(encoding="zstd", error=error)) from None
    return b"".join(parts)
