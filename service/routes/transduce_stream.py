"""The WebSocket /transduce/stream: the handshake and the log; what follows is the session's."""

import logging
from time import perf_counter
from urllib.parse import parse_qsl

import orjson
from starlette.routing import WebSocketRoute

from service.asgi import Receive, Scope, Send
from service.errors import Fault, InvalidInput, ServiceError, ServiceOverloaded
from service.handshake import refuse_handshake
from service.lifecycle import Service
from service.request_context import request_id_of
from service.request_record import RequestRecord, current_record
from service.served_model import ServedModel
from service.stream_session import StreamSession

PATH = "/transduce/stream"

logger = logging.getLogger("seqserve.stream")


class TransduceStream:
    """Accept a WebSocket, or refuse it with a problem document, then let the session run."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        service: Service = scope["app"].state.service
        record = RequestRecord(request_id_of(scope), "WS", PATH)
        current_record.set(record)  # of this connection's own task
        await receive()  # the handshake's request
        started_s = perf_counter()
        try:
            model = _chosen(service, scope)
        except ServiceError as error:
            await refuse_handshake(send, error, record.request_id)
            return
        record.model, record.version = model.name, model.version
        code = await _run(service, model, receive, send)
        _log(service, record, code, perf_counter() - started_s)


def _chosen(service: Service, scope: Scope) -> ServedModel:
    """The model that the query names, or the default, if there is room for another stream."""
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if unknown := sorted(set(asked) - {"model", "version"}):
        message = "There is no such parameter; model and version may be given"
        raise InvalidInput([Fault((name,), message) for name in unknown])
    most = service.settings.max_streams
    if service.stream_stats.open >= most:
        raise ServiceOverloaded(f"{most} streams are open already, no more may be")
    return service.registry.find("transduce", asked.get("model"), asked.get("version"))


async def _run(service: Service, model: ServedModel, receive: Receive, send: Send) -> int:
    stats, settings = service.stream_stats, service.settings
    record = current_record.get()
    request_id = record.request_id if record else ""
    headers = [(b"x-request-id", request_id.encode())]
    stats.open += 1
    code = 1006
    try:
        await send({"type": "websocket.accept", "headers": headers})
        greeting = {
            "model": {"name": model.name, "version": model.version},
            "max_unanswered_samples": settings.max_stream_samples,
            "max_message_bytes": settings.max_stream_message_bytes,
        }
        await send({"type": "websocket.send", "text": orjson.dumps(greeting).decode()})
        code = await StreamSession(model, receive, send, settings, stats).run()
    except OSError:  # gone before the greeting
        pass
    finally:
        stats.open -= 1
        stats.ended[code] += 1
    return code


def _log(service: Service, record: RequestRecord, code: int, seconds: float) -> None:
    if service.settings.access_log:
        fields = {
            "status": code,
            "total_ms": round(seconds * 1000, 2),
            "model": record.model,
            "version": record.version,
            "passes": record.passes,
            "batch": record.batch_rows,
        }
        logger.info("WS %s", PATH, extra={"fields": fields})


route = WebSocketRoute(PATH, TransduceStream(), name="transduce_stream")
