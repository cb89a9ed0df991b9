"""The application factory: it only wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from service.asgi import App, Receive, Scope, Send
from service.authorization import Authorization, authorize_from
from service.body_encoding import Decompression
from service.body_limit import BodyLimit
from service.fast_path import ENDPOINTS, FastPath
from service.http_errors import add_handlers
from service.lifecycle import Service
from service.request_context import RequestContext
from service.routes import (
    backtest,
    classify,
    docs,
    forecast,
    health,
    metrics,
    models,
    next_word,
    transduce,
    transduce_stream,
)
from service.routes.openapi import DESCRIPTION, TAGS, complete
from service.version import project_version


class SeqserveApp(FastAPI):
    """FastAPI, with an OpenAPI page that knows the bodies which the endpoints read themselves."""

    def openapi(self) -> dict[str, Any]:
        """The page, built once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; where there is a fast path, without what the framework wraps around our layers.

        These handle every failure themselves, so nothing is missed there, and the wrapping costs
        as much as to parse an image.
        """
        if scope["type"] != "http" or scope["path"] not in ENDPOINTS:
            await super().__call__(scope, receive, send)
            return
        if self._layers is None:
            self._layers = layers_of(self.build_middleware_stack())
        scope["app"] = self
        await self._layers(scope, receive, send)

    _layers: App | None = None


def layers_of(stack: Any) -> App:
    """The layers of ours within a stack of middleware, from the outermost on."""
    while not isinstance(stack, RequestContext):
        stack = stack.app
    return stack


def create_app(service: Service, *, fast_path: bool = True) -> FastAPI:
    """Build the application that serves ``service``.

    Without its ``fast_path`` it answers the same, more slowly: that is for tests.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = SeqserveApp(
        title="seqserve",
        version=project_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for module in (
        forecast,
        backtest,
        classify,
        next_word,
        transduce,
        models,
        health,
        metrics,
        docs,
    ):
        app.include_router(module.router)
    app.router.routes.append(transduce_stream.route)
    add_handlers(app)
    if fast_path:
        app.add_middleware(FastPath, service=service)
    max_bytes = service.settings.max_body_bytes
    app.add_middleware(Decompression, max_bytes=max_bytes, off_loop=service.off_loop)
    app.add_middleware(BodyLimit, max_bytes=max_bytes)
    if authorize := authorize_from(service.settings):
        app.add_middleware(Authorization, authorize=authorize)
    app.add_middleware(
        RequestContext,
        access_log=service.settings.access_log,
        metrics=service.request_metrics,
        default_timeout_ms=service.settings.default_timeout_ms,
    )
    return app
