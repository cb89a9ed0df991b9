"""The OpenAPI page of what the routes read and answer themselves, without FastAPI's own parsing."""

from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from service.problem import MEDIA_TYPE
from service.request_deadline import LONGEST_MS
from service.tasks.backtest_api import BacktestRequest
from service.tasks.classify_api import ClassifyRequest
from service.tasks.forecast_api import ForecastRequest
from service.tasks.next_word_api import NextWordRequest
from service.tasks.next_word_complete_api import CompleteRequest
from service.tasks.next_word_neighbours_api import NeighboursRequest
from service.tasks.next_word_score_api import ScoreRequest
from service.tasks.transduce_api import TransduceRequest

Json = dict[str, Any]
REF = "#/components/schemas/{model}"
DESCRIPTION = """
Small sequence models behind typed endpoints: forecasts of series, digits in images, the next word,
signals mapped to signals.

Every request may hold many items; they share forward passes with the items of other requests.
Every answer says which model and version gave it, and carries an `X-Request-ID` that the log of
the service knows as well. Every failure is a problem document (RFC 9457).
"""
TAGS = [
    {"name": "predictions", "description": "Ask a model."},
    {"name": "models", "description": "What is served, and how good it is."},
    {"name": "health", "description": "For load balancers and container engines."},
]
PROBLEM_TITLES = {
    400: "The body is not JSON, or a header is wrong",
    401: "The service wants a key, and this is none of its keys",
    404: "No such model or version serves here",
    413: "The body is too large",
    415: "The body is of a kind that this endpoint does not read",
    422: "An item or a field is wrong; `errors` says which",
    500: "The service failed; its log says why",
    503: "Not ready, overloaded or stopping; `Retry-After` says when to come again",
    504: "The answer was not ready before the deadline",
}


REQUEST_HEADERS = [
    {
        "name": "X-Timeout-Ms",
        "in": "header",
        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_MS},
        "description": "Milliseconds, from the arrival of the request, in which the answer must be "
        "ready; what cannot be is not computed and answered with 504.",
    },
    {
        "name": "X-Request-ID",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Comes back in the answer and stands in the log, if it is at most 128 "
        "letters, digits, `.`, `_`, `:` or `-`; else there is a new one.",
    },
]
ANSWER_HEADERS = {
    "X-Request-ID": {"schema": {"type": "string"}, "description": "The id of the request."},
    "Server-Timing": {
        "schema": {"type": "string"},
        "description": "Where the time went, in milliseconds: parse, queue, compute, encode; and "
        "the rows of the largest batch that the request rode in.",
    },
}


class ProblemFault(BaseModel):
    """One thing wrong with a request."""

    location: str = Field(
        description="Where, as in `series.3.17` for point 17 of series 3; counted from 0.",
        examples=["series.3.17"],
    )
    message: str = Field(description="What is wrong.", examples=["Input should be a valid number"])


class ProblemDocument(BaseModel):
    """A failure (RFC 9457)."""

    type: str = Field(
        description="Kind of failure; stable.", examples=["urn:seqserve:problem:invalid-input"]
    )
    title: str = Field(description="The kind in words.", examples=["Invalid input"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What happened, and what to do about it.")
    request_id: str | None = Field(None, description="The id of the request in the log.")
    errors: list[ProblemFault] | None = Field(
        None, description="For bad input: what is wrong where, at most 20 of them."
    )


def problems(*statuses: int) -> dict[int | str, Json]:
    """The failures that a route may answer, for its ``responses``."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemDocument")}}}
    return {
        status: {"description": PROBLEM_TITLES[status], "content": content} for status in statuses
    }


PREDICTION_PROBLEMS = problems(*PROBLEM_TITLES)


def json_body(model: type[BaseModel], examples: Json, **others: Json) -> Json:
    """The ``openapi_extra`` of a route that reads ``model`` from its body; others by media type."""
    schema = {"$ref": REF.format(model=model.__name__)}
    content = {"application/json": {"schema": schema, "examples": examples}, **others}
    return {"requestBody": {"required": True, "content": content}}


def query(name: str) -> Json:
    """A parameter of the query for bodies that cannot say it themselves.

    The route reads it itself: FastAPI's own way costs as much as all else of a small request.
    """
    return {
        "name": name,
        "in": "query",
        "schema": {"type": "string"},
        "description": f"As the field `{name}`, for bodies other than JSON; lists with commas.",
    }


def complete(page: Json) -> Json:
    """Add the schemas that the routes refer to, and headers; drop a failure that cannot happen.

    FastAPI lists a 422 of its own wherever there is a parameter; names in a path are plain text,
    which is always valid.
    """
    for item in page["paths"].values():
        for operation in item.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
            if "predictions" in operation["tags"]:
                operation.setdefault("parameters", []).extend(REQUEST_HEADERS)
                operation["responses"]["200"]["headers"] = ANSWER_HEADERS
    documented = (
        ForecastRequest,
        BacktestRequest,
        ClassifyRequest,
        NextWordRequest,
        ScoreRequest,
        CompleteRequest,
        NeighboursRequest,
        TransduceRequest,
        ProblemDocument,
    )
    _, definitions = models_json_schema(
        [(model, "validation") for model in documented], ref_template=REF
    )
    schemas = page.setdefault("components", {}).setdefault("schemas", {})
    schemas |= definitions["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return page
