"""``uvicorn --factory service.main:build``: settings become a running application."""

import logging
import os

from service.app import create_app
from service.asgi import App
from service.board import Place
from service.endings import STARTUP_FAILURE
from service.lifecycle import Service
from service.logs import configure_logging
from service.settings import Settings


def build(settings: Settings | None = None) -> App:
    """Build the application of this process from ``settings``, by default the environment's."""
    app, _ = build_in(Place.alone(), settings or Settings())
    return app


def build_in(place: Place, settings: Settings) -> tuple[App, Service]:
    """The application and what it serves, as the worker at ``place``."""
    configure_logging(settings.log_level, settings.log_format)
    service = Service(settings, abort=abort, place=place)
    return create_app(service), service


def abort() -> None:
    """End the process at once: it has nothing to serve, so nobody is cut off."""
    logging.shutdown()
    os._exit(STARTUP_FAILURE)
