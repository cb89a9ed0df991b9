"""One connection of a client: uvicorn's, and it tells when it is gone."""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """HTTP/1.1 on one connection; ``on_lost`` is called after its end."""

    def __init__(self, *, on_lost: Callable[[], None], **parts: Any) -> None:
        super().__init__(**parts)
        self._on_lost = on_lost

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        self._on_lost()
