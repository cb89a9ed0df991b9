"""The benchmark's own WebSocket client: its frames are what a library reads, and the reverse."""

import asyncio
import os
from pathlib import Path

import numpy as np
import psutil
import pytest
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from benchmarks.streaming.__main__ import cpu_of
from benchmarks.streaming.client import BINARY, StreamClient, masked
from benchmarks.streaming.load import Load, measure
from tests.service.live_server import live_server
from tests.service.tiny_networks import write_tiny_repository

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("length", [0, 4, 125, 126, 300, 4000])
async def test_a_library_reads_its_frames(length: int) -> None:
    server = ServerProtocol()
    client = StreamClient("ws://there:1/transduce/stream")
    server.receive_data(client._request)
    (request,) = server.events_received()
    server.send_response(server.accept(request))  # type: ignore[arg-type]
    server.receive_data(masked(BINARY, os.urandom(1) * length))

    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, len(frame.data)) == (Opcode.BINARY, length)


async def test_answers_are_counted_however_they_arrive() -> None:
    client = StreamClient("ws://there:1/transduce/stream")
    answers = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    for text in (b"greeting", b"x" * 200):
        answers += Frame(Opcode.BINARY, text).serialize(mask=False)
    client.unanswered.append(0.0)

    for at in range(len(answers)):
        client.data_received(answers[at : at + 1])

    assert client.greeted.done()
    assert len(client.latencies_s) == 1
    assert not client.unanswered


@pytest.mark.slow
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "text"])
async def test_a_small_load_is_kept_up_with(tmp_path: Path, binary: bool) -> None:
    repository = write_tiny_repository(tmp_path / "repository")
    with live_server(tmp_path / "log", "--repository", str(repository)) as server:
        url = await asyncio.to_thread(server.wait_until_ready)
        process = psutil.Process(server.process.pid)
        figures = await measure(url, Load(3, 100, 10, binary), 1.0, cpu_of(process))

    assert figures.samples_per_s == pytest.approx(300, rel=0.3)
    assert np.isfinite(figures.p99_ms)
    assert figures.server_cpu > 0
