"""Schemathesis fuzzes the service against its own OpenAPI page, in this process."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.settings import Settings
from tests.service.harness import client_of, serving

VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
OPERATIONS = [
    ("POST", "/forecast"),
    ("POST", "/forecast/backtest"),
    ("POST", "/classify"),
    ("POST", "/next-word"),
    ("POST", "/next-word/score"),
    ("POST", "/next-word/complete"),
    ("POST", "/next-word/neighbours"),
    ("POST", "/transduce"),
    ("GET", "/models"),
    ("GET", "/models/{name}"),
    ("GET", "/models/{name}/versions/{version}"),
    ("GET", "/healthz/live"),
    ("GET", "/healthz/ready"),
    ("GET", "/metrics"),
]
CASES = [(*operation, VALID) for operation in OPERATIONS]
CASES += [(*operation, INVALID) for operation in OPERATIONS if operation[0] == "POST"]
# What a schema cannot say: that a series must not be all null, that a file must be a picture, that
# 1.0 is as whole as 1. So what it calls valid may be refused, and the other way round.
UNSAID: list[Any] = [positive_data_acceptance, negative_data_rejection]

Send = Callable[[schemathesis.Case[Any]], httpx.Response]

bounded = settings(
    max_examples=40,
    deadline=None,  # the machine may be busy
    suppress_health_check=tuple(HealthCheck),
    derandomize=True,  # what fails in CI fails at home
)


@pytest.fixture(scope="module")
def fuzzed(tiny_repository: Path) -> Iterator[tuple[Any, Send]]:
    """The OpenAPI page of a service on a loop of its own, and how to send it a case."""
    with start_blocking_portal() as portal:
        app_context = serving(Settings(repository=tiny_repository, access_log=False))
        with portal.wrap_async_context_manager(app_context) as app:
            client = client_of(app)

            def send(case: schemathesis.Case[Any]) -> httpx.Response:
                arguments = case.as_transport_kwargs(base_url="http://service")
                sent = requests.Request(**arguments).prepare()
                headers = {name: patient(name, value) for name, value in sent.headers.items()}
                request = client.build_request(
                    str(sent.method),
                    str(sent.url),
                    headers=headers,
                    content=sent.body or b"",  # type: ignore[arg-type]
                )
                return portal.call(client.send, request)

            yield schemathesis.openapi.from_dict(app.openapi()), send
            portal.call(client.aclose)


def patient(name: str, value: str | bytes) -> str:
    """The header, but no deadline that a busy machine may miss."""
    valid = name.lower() == "x-timeout-ms" and re.fullmatch(r"\d{1,5}(\.\d+)?", str(value))
    return "60000" if valid else str(value)


def test_every_operation_is_fuzzed(fuzzed: tuple[Any, Send]) -> None:
    page, _ = fuzzed
    found = [result.ok() for result in page.get_all_operations()]

    assert sorted((each.method.upper(), each.path) for each in found) == sorted(OPERATIONS)


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_the_service_keeps_its_own_promises(
    fuzzed: tuple[Any, Send], method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    page, send = fuzzed

    @bounded
    @given(case=page[path][method].as_strategy(generation_mode=mode))
    def fuzz(case: schemathesis.Case[Any]) -> None:
        response = send(case)

        assert response.status_code < 500
        case.validate_response(response, excluded_checks=UNSAID)

    fuzz()
