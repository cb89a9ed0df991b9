"""POST /next-word and what goes beyond the next word: HTTP in, HTTP out."""

from typing import Any

from fastapi import APIRouter, Request, Response

from service.routes.answering import answer, read_json
from service.routes.event_stream import EVENT_STREAM, stream, wants_events
from service.routes.openapi import PREDICTION_PROBLEMS, json_body
from service.tasks import next_word_complete_api as complete_api
from service.tasks import next_word_neighbours_api as neighbours_api
from service.tasks import next_word_score_api as score_api
from service.tasks.next_word_api import EXAMPLES, NextWordRequest, NextWordResponse

TASK = "next-word"
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The texts; or, when events were asked for, an event `word` for every word "
        "as it comes, and an event `done` with the whole answer. What fails in between is an event "
        "`error` with a problem document.",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
    }
}

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
    return await answer(request, TASK, await read_json(request, NextWordRequest))


@router.post(
    "/next-word/score",
    response_model=score_api.ScoreResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(score_api.ScoreRequest, score_api.EXAMPLES),
)
async def score(request: Request) -> Response:
    """Say how likely each text is: the log-probability of every word, and the perplexity."""
    return await answer(request, TASK, await read_json(request, score_api.ScoreRequest))


@router.post(
    "/next-word/complete",
    response_model=complete_api.CompleteResponse,
    responses={**PREDICTION_PROBLEMS, **_EVENTS},
    openapi_extra=json_body(complete_api.CompleteRequest, complete_api.EXAMPLES),
)
async def complete(request: Request) -> Response:
    """Continue each text by several words; as server-sent events when asked.

    Words are drawn from all that the model knows, at their probability, unless the request says
    otherwise. The same seed gives the same text.
    """
    prediction = await read_json(request, complete_api.CompleteRequest)
    if prediction.stream or wants_events(request):
        return await stream(request, TASK, prediction)
    return await answer(request, TASK, prediction)


@router.post(
    "/next-word/neighbours",
    response_model=neighbours_api.NeighboursResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(neighbours_api.NeighboursRequest, neighbours_api.EXAMPLES),
)
async def neighbours(request: Request) -> Response:
    """Find the words that the model uses most alike, by the cosine of their vectors.

    Sums of words work too: what is to a woman as a king is to a man?
    """
    return await answer(request, TASK, await read_json(request, neighbours_api.NeighboursRequest))
