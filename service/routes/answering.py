"""What the prediction routes share: read the body, ask the model, answer unless the caller left."""

import orjson
from fastapi import Request, Response

from service.disconnect import unless_gone
from service.errors import UnsupportedMedia
from service.lifecycle import Service
from service.parsing import ModelT, parse_json
from service.tasks.classify_api import PictureRequest
from service.tasks.contract import PredictionRequest

JSON = "application/json"


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
        UnsupportedMedia: it is none of ``allowed``, or the body is compressed.
    """
    found = media_type(request)
    if found not in allowed:
        raise UnsupportedMedia(
            f"The body is {found or 'untyped'}; send Content-Type: {' or '.join(allowed)}."
        )
    if encoding := request.headers.get("content-encoding"):
        raise UnsupportedMedia(f"The body is compressed with {encoding}; send it as it is.")
    return found


async def read_json(request: Request, model: type[ModelT]) -> ModelT:
    """Read the body as a ``model``.

    Raises:
        UnsupportedMedia: the body says that it is no JSON.
        NotJson: it is no JSON.
        InvalidInput: it is not what the model asks for.
    """
    require_media(request, JSON)
    return parse_json(await request.body(), model)


async def answer(
    request: Request, task: str, prediction: PredictionRequest | PictureRequest
) -> Response:
    """Ask the model that the prediction names, or the default of the task."""
    model = service_of(request).registry.find(task, prediction.model, prediction.version)
    payload = await unless_gone(request.receive, model.answer(prediction))
    return Response(orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)
