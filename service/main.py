"""``uvicorn --factory service.main:build``: settings become a running application."""

import logging
import os

from service.app import create_app
from service.asgi import App
from service.lifecycle import Service
from service.logs import configure_logging
from service.settings import Settings

# What uvicorn itself exits with when an application does not start; its supervisor of several
# workers gives up on this code instead of starting them again and again.
STARTUP_FAILURE = 3


def build(settings: Settings | None = None) -> App:
    """Build the application of this process from ``settings``, by default the environment's."""
    settings = settings or Settings()
    configure_logging(settings.log_level, settings.log_format)
    return create_app(Service(settings, abort=abort))


def abort() -> None:
    """End the process at once: it has nothing to serve, so nobody is cut off."""
    logging.shutdown()
    os._exit(STARTUP_FAILURE)
