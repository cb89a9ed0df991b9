"""Which failure gets which HTTP status: the only place where the service's errors meet HTTP."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from service import errors
from service.problem import INTERNAL_ERROR, MEDIA_TYPE, Problem
from service.request_record import current_record

# Class -> status and stable kind of the problem; the nearest ancestor counts.
TABLE: dict[type[errors.ServiceError], tuple[int, str]] = {
    errors.ServiceError: (500, "internal-error"),
    errors.ClientError: (400, "bad-request"),
    errors.ClientGone: (499, "client-gone"),
    errors.StreamIdle: (408, "stream-idle"),
    errors.InvalidInput: (422, "invalid-input"),
    errors.NotJson: (400, "not-json"),
    errors.BrokenForm: (400, "broken-form"),
    errors.UnsupportedMedia: (415, "unsupported-media-type"),
    errors.UnsupportedEncoding: (415, "unsupported-content-encoding"),
    errors.BrokenEncoding: (400, "broken-encoding"),
    errors.BrokenArray: (400, "broken-array"),
    errors.Unauthorized: (401, "unauthorized"),
    errors.BodyTooLarge: (413, "body-too-large"),
    errors.ModelNotFound: (404, "model-not-found"),
    errors.WrongTask: (422, "wrong-task"),
    errors.NotOffered: (422, "not-offered"),
    errors.Unavailable: (503, "unavailable"),
    errors.ServiceNotReady: (503, "not-ready"),
    errors.ServiceOverloaded: (503, "overloaded"),
    errors.ServiceStopping: (503, "stopping"),
    errors.DeadlineExceeded: (504, "deadline-exceeded"),
}


def row_of(error_class: type[errors.ServiceError]) -> tuple[int, str]:
    """Status and kind for a class of errors: those of its nearest ancestor in the table."""
    return next(TABLE[cls] for cls in error_class.__mro__ if cls in TABLE)


def problem_of(error: errors.ServiceError) -> Problem:
    """What a client is told of ``error``; of our own faults, nothing but that they happened."""
    status, kind = row_of(type(error))
    if status == 500:
        return INTERNAL_ERROR
    faults = error.faults if isinstance(error, errors.InvalidInput) else ()
    return Problem(status, kind, error.title, error.detail, faults, _headers_of(error))


def _headers_of(error: errors.ServiceError) -> dict[str, str]:
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.UnsupportedEncoding):
        return {"Accept-Encoding": "gzip, zstd"}
    if isinstance(error, errors.Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="seqserve"'}
    # The rest of the body is not read, so no second request can follow it on this connection.
    return {"Connection": "close"} if isinstance(error, errors.BodyTooLarge) else {}


def answer_problem(problem: Problem) -> Response:
    """The response for ``problem``."""
    record = current_record.get()
    body = problem.body(record.request_id if record else "")
    return Response(body, problem.status, dict(problem.headers), MEDIA_TYPE)


async def answer_service_error(_: Request, error: Exception) -> Response:
    """Answer an error of the service's own; one that is our fault goes to the log instead."""
    if not isinstance(error, errors.ServiceError) or row_of(type(error))[0] == 500:
        raise error
    return answer_problem(problem_of(error))


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: unknown paths, wrong methods, broken forms."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    detail = str(error.detail)
    if status == HTTPStatus.NOT_FOUND:
        detail = f"There is no {request.url.path}; /docs lists what there is."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not answer {request.method}; use {headers['allow']}."
    kind = status.phrase.lower().replace(" ", "-")
    return answer_problem(Problem(status.value, kind, status.phrase, detail, headers=headers))


async def answer_validation_error(_: Request, error: Exception) -> Response:
    """Answer what FastAPI validates itself: query and path parameters."""
    if not isinstance(error, RequestValidationError):
        raise error
    invalid = errors.InvalidInput(faults_of(error.errors()))
    return answer_problem(problem_of(invalid))


def faults_of(found: Sequence[Any]) -> list[errors.Fault]:
    """Pydantic's list of errors as faults."""
    return [errors.Fault(tuple(each["loc"]), each["msg"]) for each in found]


def add_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every failure with a problem document."""
    app.add_exception_handler(errors.ServiceError, answer_service_error)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
