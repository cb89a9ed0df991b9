"""Bodies that are too long are refused before they are read."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.service.harness import ServeWith

pytestmark = pytest.mark.anyio


class Chunks:
    """A body of unknown length, that knows how much of it was taken."""

    def __init__(self, n_chunks: int, chunk: bytes) -> None:
        self.n_chunks, self.chunk = n_chunks, chunk
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.n_chunks):
            self.taken += 1
            yield self.chunk


async def test_a_declared_length_is_refused_without_reading(serve_with: ServeWith) -> None:
    body = Chunks(100, b" " * 1024)
    async with serve_with(max_body_bytes=10_000) as client:
        response = await client.post(
            "/forecast", content=body, headers={"Content-Length": "100000000"}
        )

    assert response.status_code == 413
    assert response.json()["type"].endswith(":body-too-large")
    assert "10,000 bytes" in response.json()["detail"]
    assert response.headers["connection"] == "close"
    assert body.taken == 0


@pytest.mark.parametrize("path", ["/forecast", "/classify", "/next-word", "/transduce"])
async def test_a_body_of_unknown_length_is_counted_while_it_streams(
    serve_with: ServeWith, path: str
) -> None:
    body = Chunks(100_000, b" " * 1024)
    async with serve_with(max_body_bytes=10_000) as client:
        response = await client.post(path, content=body)

    assert response.status_code == 413
    assert response.headers["connection"] == "close"
    assert body.taken == 10


async def test_a_form_is_counted_while_it_streams(serve_with: ServeWith) -> None:
    start = b'--b\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
    body = Chunks(1000, start + b"x" * 1024)
    async with serve_with(max_body_bytes=10_000) as client:
        response = await client.post(
            "/classify",
            content=body,
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )

    assert response.status_code == 413


async def test_a_body_of_exactly_the_limit_is_read(serve_with: ServeWith) -> None:
    body = b'{"series": [1]}'.ljust(2000)
    async with serve_with(max_body_bytes=2000) as client:
        assert (await client.post("/forecast", content=body)).status_code == 200
        assert (await client.post("/forecast", content=body + b" ")).status_code == 413


async def test_a_length_that_is_no_number_is_ignored(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/forecast", content=Chunks(1, b'{"series": [1]}'), headers={"Content-Length": "many"}
    )

    assert response.status_code == 200
