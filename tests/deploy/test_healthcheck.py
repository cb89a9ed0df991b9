import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.healthcheck import is_ready


class Service(HTTPServer):
    """Answers every path but /healthz/ready with 200, and that with ``status``."""

    status = 200


class Answer(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/healthz/ready" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_ready_service_passes(service: Service) -> None:
    assert is_ready(service.server_port) is True


def test_a_service_that_still_loads_fails(service: Service) -> None:
    service.status = 503

    assert is_ready(service.server_port) is False


def test_a_port_where_nobody_listens_fails() -> None:
    with HTTPServer(("127.0.0.1", 0), Answer) as gone:
        port = gone.server_port

    assert is_ready(port) is False
