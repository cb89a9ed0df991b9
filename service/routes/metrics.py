"""GET /metrics."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from service.metrics import MEDIA_TYPE
from service.routes.answering import service_of

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> PlainTextResponse:
    """Counters in the text format of Prometheus, added up over all worker processes.

    Requests by route and status, their duration, and for every model: batches and their sizes,
    rows, padding, waiting and computing time. Counters outlive a worker that is replaced.
    """
    return PlainTextResponse(service_of(request).metrics_text(), media_type=MEDIA_TYPE)
