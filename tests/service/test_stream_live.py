"""/transduce/stream over real sockets, with real workers."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.readme_blocks import blocks_of
from tests.service.live_server import LiveServer, live_server

pytestmark = pytest.mark.timeout(180)

SHARED = "known to two services"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_repository: Path) -> Iterator[LiveServer]:
    log = tmp_path_factory.mktemp("live") / "log"
    options = ("--workers", "2", "--repository", str(tiny_repository))
    with live_server(log, *options, max_stream_message_bytes=5000, state_secret=SHARED) as server:
        server.wait_until_ready()
        yield server


def stream(server: LiveServer) -> ClientConnection:
    url = server.url().replace("http", "ws", 1) + "/transduce/stream"
    return connect(url, compression=None, open_timeout=30)


def ask(socket: ClientConnection, **message: object) -> Any:
    socket.send(json.dumps(message))
    return json.loads(socket.recv(timeout=30))


def greeted(socket: ClientConnection) -> None:
    assert json.loads(socket.recv(timeout=30))["model"]["name"] == "transducer"


def end_of(socket: ClientConnection) -> tuple[int | None, str]:
    while True:
        try:
            socket.recv(timeout=30)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "")


def test_workers_continue_each_other_s_streams_and_requests(server: LiveServer) -> None:
    url = server.url()
    state, total, passes = None, 0.0, {}
    for number in range(1, 13):  # connections of their own: both workers get some
        total += number
        if number % 2:
            with stream(server) as socket:
                greeted(socket)
                answer = ask(socket, state=state, samples=[number], send_state=True)
                outputs, state = answer["outputs"], answer["state"]
        else:
            body = {"signals": [[number]], "states": [state]}
            answer = httpx.post(f"{url}/transduce", json=body).json()
            (outputs,), (state,) = answer["outputs"], answer["states"]
        assert outputs == [total]
    for line in server.log():
        if line["message"].startswith("ready"):
            passes[line["worker"]] = line
    assert len(passes) == 2


def test_the_example_in_the_docs_runs(server: LiveServer) -> None:
    (example,) = [block.text for block in blocks_of(PAGE) if block.language == "python"]
    url = server.url().replace("http", "ws", 1)
    names: dict[str, Any] = {}

    exec(example.replace("ws://127.0.0.1:8000", url), names)  # noqa: S102 - our own page

    assert names["outputs"] == pytest.approx(np.cumsum(names["sine"]).tolist(), abs=1e-3)


def test_frames_arrive_faster_than_they_are_answered_and_all_are_answered(
    server: LiveServer,
) -> None:
    n_frames, frame = 400, np.ones(1000, "<f4").tobytes()
    with stream(server) as socket:
        greeted(socket)
        sender = threading.Thread(target=lambda: [*map(socket.send, [frame] * n_frames)])
        sender.start()
        answers = [socket.recv(timeout=60, decode=False) for _ in range(n_frames)]
        ends = [np.frombuffer(answer, "<f4")[-1] for answer in answers]
        sender.join()

    assert ends == [1000.0 * (at + 1) for at in range(n_frames)]


def test_a_message_too_long_closes_with_1009(server: LiveServer) -> None:
    with stream(server) as socket:
        greeted(socket)
        socket.send(b"\0" * 5004)
        assert end_of(socket)[0] == 1009


def test_a_handshake_is_refused_with_a_problem_document(server: LiveServer) -> None:
    url = server.url().replace("http", "ws", 1) + "/transduce/stream?model=oracle"
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    response = refused.value.response

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body or b"")["type"].endswith(":model-not-found")


def test_other_paths_are_no_sockets(server: LiveServer) -> None:
    url = server.url().replace("http", "ws", 1) + "/forecast"
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    assert refused.value.response.status_code == 403


def test_connections_are_counted_out(server: LiveServer) -> None:
    with stream(server) as socket:
        greeted(socket)
        ask(socket, samples=[1], end=True)
        assert end_of(socket)[0] == 1000
    for _ in range(100):
        with httpx.Client(base_url=server.url()) as client:
            text = client.get("/metrics").text
        open_now = [
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("seqserve_connections{")
        ]
        if sum(open_now) <= 1:  # that of the scrape
            return
    raise AssertionError(open_now)


def test_a_server_that_stops_hands_out_the_state_for_another_of_the_same_secret(
    server: LiveServer, tmp_path: Path, tiny_repository: Path
) -> None:
    options = ("--workers", "1", "--repository", str(tiny_repository))
    with live_server(tmp_path / "log", *options, state_secret=SHARED) as stopping:
        stopping.wait_until_ready()
        with stream(stopping) as socket:
            greeted(socket)
            assert ask(socket, samples=[2, 5])["outputs"] == [2, 7]
            stop = threading.Thread(target=stopping.stop)
            stop.start()
            farewell = json.loads(socket.recv(timeout=30))
            assert end_of(socket)[0] == 1012
        stop.join()
    with stream(server) as socket:
        greeted(socket)
        assert ask(socket, state=farewell["state"], samples=[1])["outputs"] == [8]
