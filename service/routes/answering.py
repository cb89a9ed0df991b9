"""What the prediction routes share: read the body, ask the model, answer unless the caller left."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import orjson
from fastapi import Request, Response

from service.errors import ClientGone, UnsupportedMedia
from service.lifecycle import Service
from service.parsing import ModelT, parse_json
from service.tasks.classify_api import PictureRequest
from service.tasks.contract import PredictionRequest

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
    payload = await unless_gone(request, model.answer(prediction))
    return Response(orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Do ``work``, but stop it when the caller closes the connection.

    Call it after the body was read: all that can still arrive is the disconnect.

    Raises:
        ClientGone: the caller left first.
    """
    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - coroutines of a server always run in a task
    left = False

    def leave(_: asyncio.Task[object]) -> None:
        nonlocal left
        left = True
        me.cancel()

    watcher: asyncio.Task[object] = asyncio.ensure_future(request.receive())
    watcher.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if left:
            me.uncancel()
            raise ClientGone("the caller closed the connection") from None
        raise
    finally:
        watcher.remove_done_callback(leave)
        watcher.cancel()
