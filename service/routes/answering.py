"""What the prediction routes share: read the body, ask the model, answer unless the caller left."""

from collections.abc import Callable
from typing import TypeVar

import orjson
from fastapi import Request, Response

from service.disconnect import unless_gone
from service.errors import UnsupportedMedia
from service.lifecycle import Service
from service.parsing import ModelT, parse_json
from service.tasks.classify_api import ImageArrays, PictureRequest
from service.tasks.contract import PredictionRequest
from service.tasks.forecast_api import SeriesArrays

JSON = "application/json"
T = TypeVar("T")


def service_of(request: Request) -> Service:
    """The service that the application serves."""
    service: Service = request.app.state.service
    return service


def media_type(request: Request) -> str:
    """The media type of the body without its parameters; JSON where a client states none."""
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower()


def require_media(request: Request, *allowed: str) -> str:
    """The media type of the body.

    Raises:
        UnsupportedMedia: it is none of ``allowed``.
    """
    found = media_type(request)
    if found not in allowed:
        raise UnsupportedMedia(
            f"The body is {found or 'untyped'}; send Content-Type: {' or '.join(allowed)}."
        )
    return found


async def read_json(request: Request, model: type[ModelT]) -> ModelT:
    """Read the body as a ``model``.

    Raises:
        UnsupportedMedia: the body says that it is no JSON.
        NotJson: it is no JSON.
        InvalidInput: it is not what the model asks for.
    """
    require_media(request, JSON)
    body = await request.body()
    return await service_of(request).off_loop.run(len(body), lambda: parse_json(body, model))


async def read_npy(request: Request, read: Callable[[bytes, str], T]) -> T:
    """Read the body, which is a NumPy file, and the query with ``read``."""
    body = await request.body()
    query = request.url.query
    return await service_of(request).off_loop.run(len(body), lambda: read(body, query))


async def answer(
    request: Request,
    task: str,
    prediction: PredictionRequest | PictureRequest | ImageArrays | SeriesArrays,
) -> Response:
    """Ask the model that the prediction names, or the default of the task."""
    model = service_of(request).registry.find(task, prediction.model, prediction.version)
    payload = await unless_gone(request.receive, model.answer(prediction))
    return Response(orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)
