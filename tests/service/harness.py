"""The service in this process, without sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
from fastapi import FastAPI

from service.app import create_app
from service.lifecycle import Service
from service.settings import Settings

ServeWith = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def no_abort() -> None:
    raise AssertionError("the service failed to start")


@asynccontextmanager
async def serving(settings: Settings, *, fast_path: bool = True) -> AsyncIterator[FastAPI]:
    """The application, ready."""
    service = Service(settings, abort=no_abort)
    app = create_app(service, fast_path=fast_path)
    async with app.router.lifespan_context(app):
        await service.ready()
        yield app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


def service_behind(client: httpx.AsyncClient) -> Service:
    """The service that a client of ``client_of`` talks to."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, FastAPI)
    service: Service = transport.app.state.service
    return service
