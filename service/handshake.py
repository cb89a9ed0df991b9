"""A WebSocket that is not granted: the handshake is answered by a status and a problem document."""

from service.asgi import Send
from service.errors import ServiceError
from service.http_errors import problem_of
from service.problem import MEDIA_TYPE


async def refuse_handshake(send: Send, error: ServiceError, request_id: str) -> None:
    """Answer as any other request would be answered that fails with ``error``.

    Source: https://asgi.readthedocs.io/en/latest/extensions.html (websocket denial response)
    """
    problem = problem_of(error)
    headers = {"content-type": MEDIA_TYPE, "x-request-id": request_id, **problem.headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    start = {"type": "websocket.http.response.start", "status": problem.status}
    await send(start | {"headers": encoded})
    await send({"type": "websocket.http.response.body", "body": problem.body(request_id)})
