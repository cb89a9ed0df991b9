"""Compressed bodies, on every path, and never more of them than a body may have."""

import asyncio
import gzip
import zlib
from collections.abc import Callable

import httpx
import numpy as np
import orjson
import pytest
import zstandard

from service.body_encoding import gunzip, unzstd
from service.errors import BodyTooLarge, BrokenEncoding
from service.off_loop import OffLoop
from tests.service.harness import ServeWith, service_behind
from tests.service.npy_bodies import packed

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

PLAIN = orjson.dumps({"series": [1, 2, 3]})


def zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(body)


def streamed_zstd(body: bytes) -> bytes:
    """A frame that does not say how long it is."""
    writer = zstandard.ZstdCompressor().compressobj()
    return writer.compress(body) + writer.flush()


CODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes, int], bytes]]] = {
    "gzip": (gzip.compress, gunzip),
    "zstd": (zstd, unzstd),
    "zstd, streamed": (streamed_zstd, unzstd),
}
every_coding = pytest.mark.parametrize(("pack", "unpack"), CODINGS.values(), ids=CODINGS)


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), (" GZIP ", gzip.compress), ("zstd", zstd)],
)
async def test_every_kind_of_body_may_be_compressed(
    client: httpx.AsyncClient, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    image = packed(np.zeros((28, 28), np.uint8))
    odd = PLAIN[:-1] + b',"horizon":3.0}'
    for path, media, body in (
        ("/forecast", "application/json", PLAIN),
        ("/forecast", "application/json", odd),
        ("/classify", "application/x-npy", image),
    ):
        plain = await client.post(path, content=body, headers={"Content-Type": media})
        headers = {"Content-Type": media, "Content-Encoding": coding}
        response = await client.post(path, content=pack(body), headers=headers)
        assert (response.status_code, response.content) == (200, plain.content)


async def test_compressed_json_takes_the_fast_path(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        headers = {"Content-Encoding": "gzip"}
        await client.post("/forecast", content=gzip.compress(PLAIN), headers=headers)
        paths = dict(service_behind(client).request_metrics.paths)

    assert paths == {("/forecast", "fast"): 1}


async def test_identity_is_no_compression(client: httpx.AsyncClient) -> None:
    headers = {"Content-Encoding": "identity"}

    assert (await client.post("/forecast", content=PLAIN, headers=headers)).status_code == 200


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "\xff"])
async def test_another_coding_is_refused_with_those_that_are_read(
    client: httpx.AsyncClient, coding: str
) -> None:
    headers = [(b"content-encoding", coding.encode("latin-1"))]
    response = await client.post("/forecast", content=PLAIN, headers=headers)

    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip, zstd")
    assert response.json()["type"] == "urn:seqserve:problem:unsupported-content-encoding"


@every_coding
async def test_a_bomb_is_refused(
    client: httpx.AsyncClient,
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes, int], bytes],
) -> None:
    bomb = pack(b" " * 200_000_000)
    headers = {"Content-Encoding": "gzip" if unpack is gunzip else "zstd"}
    response = await client.post("/forecast", content=bomb, headers=headers)

    assert len(bomb) < 1_000_000
    assert response.status_code == 413


@every_coding
def test_the_bound_is_exact(
    pack: Callable[[bytes], bytes], unpack: Callable[[bytes, int], bytes]
) -> None:
    body = pack(b"x" * 1000)

    assert unpack(body, 1000) == b"x" * 1000
    assert unpack(pack(b""), 0) == b""
    for bodies, bound in ((body, 999), (body + body, 1999)):
        with pytest.raises(BodyTooLarge):
            unpack(bodies, bound)


@every_coding
def test_members_that_follow_one_another_are_joined(
    pack: Callable[[bytes], bytes], unpack: Callable[[bytes, int], bytes]
) -> None:
    assert unpack(pack(b"one ") + pack(b"") + pack(b"two"), 100) == b"one two"


def test_zeros_after_gzip_are_padding() -> None:
    assert gunzip(gzip.compress(b"x") + b"\0" * 7, 100) == b"x"


@every_coding
def test_what_is_cut_or_followed_by_something_else_is_broken(
    pack: Callable[[bytes], bytes], unpack: Callable[[bytes, int], bytes]
) -> None:
    body = pack(b"some text " * 50)
    for broken in (b"", b"text", body[:5], body[:-1], body[:-6], body + b"text", body + body[:-1]):
        with pytest.raises(BrokenEncoding):
            unpack(broken, 10_000)


def test_raw_deflate_is_no_gzip() -> None:
    with pytest.raises(BrokenEncoding):
        gunzip(zlib.compress(b"x"), 100)


async def test_a_broken_body_is_a_problem(client: httpx.AsyncClient) -> None:
    headers = {"Content-Encoding": "gzip"}
    response = await client.post("/forecast", content=PLAIN, headers=headers)

    assert response.status_code == 400
    assert response.json()["type"] == "urn:seqserve:problem:broken-encoding"


async def test_large_bodies_are_read_beside_the_loop_and_small_ones_on_it() -> None:
    loop_turned = asyncio.Event()
    off_loop = OffLoop(from_bytes=100)
    loop = asyncio.get_running_loop()

    def wait() -> bool:
        asyncio.run_coroutine_threadsafe(turn(), loop).result(timeout=30)
        return True

    async def turn() -> None:
        loop_turned.set()

    assert await off_loop.run(100, wait)
    assert loop_turned.is_set()
    assert await off_loop.run(99, asyncio.get_running_loop) is loop
    off_loop.close()


@pytest.mark.parametrize("horizon", [3, 3.0], ids=["fast", "full"])
async def test_bodies_beside_the_loop_are_answered_alike(
    serve_with: ServeWith, horizon: float
) -> None:
    body = {"series": [[1, 2], [3, None]], "horizon": horizon}
    async with serve_with(off_loop_bytes=0) as beside, serve_with() as on:
        first = await beside.post("/forecast", json=body)
        second = await on.post("/forecast", json=body)

    assert first.content == second.content
