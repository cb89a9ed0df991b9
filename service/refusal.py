"""A request that is refused at the door, and its answer."""

import asyncio
from functools import lru_cache
from time import perf_counter
from typing import Any

from service.door import Line
from service.errors import ServiceOverloaded
from service.http_errors import problem_of
from service.problem import MEDIA_TYPE
from service.raw_response import raw_response
from service.request_context import request_id_of

# Stands in a template for the id of a request, which has no such character.
FILLER = "@"


class Refusal:
    """Takes the place of a request that uvicorn would answer, but is answered with 503.

    Its attributes are those that uvicorn asks a request for when the connection goes on.
    """

    response_started = response_complete = True
    more_body = False

    def __init__(self, line: Line, scope: Any, *, keep_alive: bool) -> None:
        self.message_event = asyncio.Event()
        self.keep_alive = keep_alive
        self.told = False
        self.started_s = perf_counter()
        self.line = line
        self._scope = scope

    def response(self) -> bytes:
        """The whole answer."""
        return refusal(self.line, request_id_of(self._scope), keep_alive=self.keep_alive)


def refusal(line: Line, request_id: str, *, keep_alive: bool) -> bytes:
    """The whole answer to a request for which there is no room in ``line``."""
    parts = refusal_parts(line.retry_after_s(), len(request_id), keep_alive=keep_alive)
    return request_id.encode().join(parts)


@lru_cache(maxsize=128)
def refusal_parts(retry_after_s: int, id_length: int, *, keep_alive: bool) -> list[bytes]:
    """The answer, cut where the id of the request belongs."""
    request_id = FILLER * id_length
    problem = problem_of(
        ServiceOverloaded(
            "The answer would come after its deadline: too many requests are being answered.",
            retry_after_s=retry_after_s,
        )
    )
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        *problem.raw_headers(),
        (b"x-request-id", request_id.encode()),
    ]
    body = problem.body(request_id)
    return raw_response(503, headers, body, keep_alive=keep_alive).split(request_id.encode())
