"""POST /next-word: HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service.routes.answering import answer, read_json
from service.routes.openapi import PREDICTION_PROBLEMS, json_body
from service.tasks.next_word_api import EXAMPLES, NextWordRequest, NextWordResponse

router = APIRouter(tags=["predictions"])


@router.post(
    "/next-word",
    response_model=NextWordResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(NextWordRequest, EXAMPLES),
)
async def next_word(request: Request) -> Response:
    """Suggest the word that follows each context, with probabilities.

    The words that end a context count; how many, the model's `context_length` says.
    """
    return await answer(request, "next-word", await read_json(request, NextWordRequest))
