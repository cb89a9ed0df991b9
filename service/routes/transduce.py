"""POST /transduce: HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service.routes.answering import answer, read_json
from service.routes.openapi import PREDICTION_PROBLEMS, json_body
from service.tasks.transduce_api import EXAMPLES, TransduceRequest, TransduceResponse

router = APIRouter(tags=["predictions"])


@router.post(
    "/transduce",
    response_model=TransduceResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(TransduceRequest, EXAMPLES),
)
async def transduce(request: Request) -> Response:
    """Map each signal to a signal, sample by sample, and answer the state to go on from.

    Signals may differ in length. Send a state token with the samples that come next, to this or
    another worker, and the outputs are those of the whole signal. For samples that arrive over
    time there is the WebSocket `/transduce/stream`.
    """
    return await answer(request, "transduce", await read_json(request, TransduceRequest))
