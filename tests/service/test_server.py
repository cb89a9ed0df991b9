"""The real server, as users start it: ready, batching, stopping, and its exit codes."""

import asyncio
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.live_server import LiveServer, live_server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

IMAGE = {"images": [25.5 * 3] * 784}


@pytest.fixture(scope="module")
def server(tiny_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    log = tmp_path_factory.mktemp("server") / "log"
    with live_server(log, "--repository", str(tiny_repository)) as server:
        server.wait_until_ready()
        yield server


def test_every_endpoint_answers(server: LiveServer) -> None:
    with httpx.Client(base_url=server.url()) as client:
        forecast = client.post("/forecast", json={"series": [1, 2], "horizon": 3}).json()
        digits = client.post("/classify", json=IMAGE).json()
        words = client.post("/next-word", json={"contexts": "aa", "top_k": 1}).json()

    assert forecast["forecasts"][0]["mean"] == [3, 4, 5]
    assert digits["predictions"][0]["digit"] == 3
    assert words["predictions"][0]["candidates"] == [{"word": "ab", "probability": 0.5}]


def test_a_hundred_megabytes_are_refused_without_reading_them(server: LiveServer) -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 10**6

    streamed = httpx.post(f"{server.url()}/forecast", content=chunks())
    declared = httpx.post(f"{server.url()}/forecast", content=b" " * 10**8)

    assert streamed.status_code == declared.status_code == 413
    assert taken < 50


def test_the_log_has_a_json_line_for_every_request(server: LiveServer) -> None:
    headers = {"X-Request-ID": "look-me-up"}
    httpx.post(f"{server.url()}/classify", json=IMAGE, headers=headers)

    line = server.line_of("look-me-up")
    assert (line["message"], line["status"]) == ("POST /classify", 200)
    assert (line["model"], line["version"], line["rows"], line["batch"]) == ("digits", "1", 1, 1)
    assert line["total_ms"] >= line["predict_ms"]


async def post_many(url: str, n_requests: int) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        return await asyncio.gather(
            *(client.post("/classify", json=IMAGE) for _ in range(n_requests))
        )


async def test_concurrent_requests_share_passes_and_sigterm_finishes_what_was_accepted(
    slow_repository: Path, tmp_path: Path
) -> None:
    with live_server(tmp_path / "log", "--repository", str(slow_repository)) as server:
        url = await asyncio.to_thread(server.wait_until_ready)
        responses = await post_many(url, 24)
        lines = await asyncio.to_thread(server.lines_with, "batch", 24)
        batches = [line["batch"] for line in lines]

        assert [response.status_code for response in responses] == [200] * 24
        # Every request reports the size of its batch, so this many passes answered all 24.
        assert sum(1 / size for size in batches) <= 12
        assert max(batches) >= 8

        connections = [await send_request(url) for _ in range(5)]
        async with httpx.AsyncClient() as client:  # answered after the others were read
            await client.get(f"{url}/healthz/live")
        code = await asyncio.to_thread(server.stop)
        statuses = [await status_of_answer(*connection) for connection in connections]

        assert code == 0
        assert statuses == [b"HTTP/1.1 200 OK"] * 5
        with pytest.raises(OSError, match="Connect call failed"):
            await send_request(url)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def send_request(url: str) -> Connection:
    """Send a complete request; its answer is read later."""
    body = json.dumps(IMAGE).encode()
    reader, writer = await asyncio.open_connection(httpx.URL(url).host, httpx.URL(url).port)
    writer.write(b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()
    return reader, writer


async def status_of_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return status.strip()


def test_sigterm_while_loading_ends_it_with_0(tiny_repository: Path, tmp_path: Path) -> None:
    with live_server(tmp_path / "log", "--repository", str(tiny_repository)) as server:
        assert httpx.get(f"{server.url()}/healthz/live", timeout=60).status_code == 200

        assert server.stop() == 0


def test_two_workers_serve_one_port_and_stop_together(
    tiny_repository: Path, tmp_path: Path
) -> None:
    arguments = ("--repository", str(tiny_repository), "--workers", "2")
    with live_server(tmp_path / "log", *arguments) as server:
        url = server.wait_until_ready()
        while sum("ready" in line["message"] for line in server.log()) < 2:
            assert server.process.poll() is None
        statuses = [httpx.post(f"{url}/classify", json=IMAGE).status_code for _ in range(8)]

        assert statuses == [200] * 8
        assert server.stop() == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def damage(repository: Path) -> Path:
    path = repository / "digits" / "1" / "model.pt"
    path.write_bytes(path.read_bytes()[:-1])
    return path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_damaged_export_ends_it_at_once_naming_the_file(
    tiny_repository: Path, tmp_path: Path, workers: str
) -> None:
    repository = shutil.copytree(tiny_repository, tmp_path / "copy")
    path = damage(repository)
    arguments = ("--repository", str(repository), "--workers", workers)
    with live_server(tmp_path / "log", *arguments) as server:
        assert server.process.wait(timeout=60) == 3
        (line,) = server.log()

    assert line["level"] == "critical"
    assert line["message"] == f"cannot start: {path}: differs from the digest in the manifest"


def test_a_port_in_use_is_told_in_one_sentence(tiny_repository: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ("--repository", str(tiny_repository), "--port", str(port))
        with live_server(tmp_path / "log", *arguments) as server:
            assert server.process.wait(timeout=60) == 3
            (line,) = server.log()

    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in line["message"]


def test_it_serves_from_any_directory_of_exports_and_stays_small(server: LiveServer) -> None:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    resident_kb = next(line.split()[1] for line in status.splitlines() if "VmRSS" in line)

    assert int(resident_kb) * 1024 < 700 * 10**6
    assert os.path.exists(f"/proc/{server.process.pid}")
