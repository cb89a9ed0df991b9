"""Answers that come bit by bit, as server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse

from service.disconnect import unless_gone
from service.errors import ServiceError
from service.http_errors import problem_of
from service.request_record import current_record
from service.routes.answering import service_of
from service.tasks.contract import Event, PredictionRequest

EVENT_STREAM = "text/event-stream"
# Proxies shall pass events on as they come; nobody shall keep them.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

logger = logging.getLogger("seqserve.stream")


def wants_events(request: Request) -> bool:
    """Whether the caller asked for server-sent events by its ``Accept`` header."""
    return EVENT_STREAM in request.headers.get("accept", "")


async def stream(request: Request, task: str, prediction: PredictionRequest) -> StreamingResponse:
    """Ask the model, and pass on its events as they come.

    What fails before the first event is answered with a status and a problem document as anywhere;
    what fails later with an event ``error``. A caller that leaves ends the work.
    """
    model = service_of(request).registry.find(task, prediction.model, prediction.version)
    events = model.stream(prediction)
    first = await unless_gone(request.receive, anext(events))
    return StreamingResponse(_encoded(first, events), headers=HEADERS, media_type=EVENT_STREAM)


async def _encoded(first: Event, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    try:
        yield _event(*first)
        async for name, payload in events:
            yield _event(name, payload)
    except ServiceError as error:
        problem = problem_of(error)
        if problem.status == 500:
            logger.exception("a stream failed")
        record = current_record.get()
        yield b"event: error\ndata: " + problem.body(record.request_id if record else "") + b"\n\n"


def _event(name: str, payload: dict[str, Any]) -> bytes:
    data = orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
