"""A request that is refused at the door, and its answer."""

import asyncio
from time import perf_counter
from typing import Any

from service.door import Line
from service.errors import ServiceOverloaded
from service.http_errors import problem_of
from service.problem import MEDIA_TYPE
from service.raw_response import raw_response
from service.request_context import request_id_of


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
        request_id = request_id_of(self._scope)
        problem = problem_of(
            ServiceOverloaded(
                "The answer would come after its deadline: too many requests are being answered.",
                retry_after_s=self.line.retry_after_s(),
            )
        )
        body = problem.body(request_id)
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            *problem.raw_headers(),
            (b"x-request-id", request_id.encode()),
        ]
        return raw_response(503, headers, body, keep_alive=self.keep_alive)
