"""GET /metrics."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from service.metrics import MEDIA_TYPE
from service.routes.answering import service_of

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> PlainTextResponse:
    """Counters in the text format of Prometheus, of the worker process that happens to answer.

    Requests by route and status, their duration, and for every model: batches and their sizes,
    rows, padding, waiting and computing time. They only grow, under the label of their process.
    """
    return PlainTextResponse(service_of(request).metrics(), media_type=MEDIA_TYPE)
