"""Who may ask: a hook before every request but health, metrics and documentation."""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from service.asgi import App, Receive, Scope, Send, header
from service.errors import StartupError, Unauthorized
from service.handshake import refuse_handshake
from service.request_context import request_id_of
from service.settings import Settings

# Returns for callers who may, raises Unauthorized for others; sees the head of the request only.
Authorize = Callable[[Scope], Awaitable[None]]

OPEN_PATHS = frozenset({"/", "/metrics", "/docs", "/openapi.json"})
OPEN_FOLDERS = ("/healthz/", "/docs/")
BEARER = b"bearer "
SHORTEST_KEY = 8


class Authorization:
    """Wrap ``app``: nobody gets further whom ``authorize`` does not let pass.

    Raises:
        Unauthorized: the hook said so.
    """

    def __init__(self, app: App, *, authorize: Authorize) -> None:
        self.app = app
        self.authorize = authorize

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket; the lifespan passes through."""
        if scope["type"] in ("http", "websocket") and not is_open(scope["path"]):
            try:
                await self.authorize(scope)
            except Unauthorized as error:
                if scope["type"] == "http":
                    raise
                await refuse_handshake(send, error, request_id_of(scope))
                return
        await self.app(scope, receive, send)


def is_open(path: str) -> bool:
    """Whether anybody may ask for ``path``."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


class ApiKeys:
    """A hook for callers who send one of ``keys``: ``Authorization: Bearer`` or ``X-API-Key``.

    Raises, when constructed:
        StartupError: there is no key, or one is too short.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        known = [key.strip() for key in keys if key.strip()]
        if not known or min(map(len, known)) < SHORTEST_KEY:
            raise StartupError(f"API keys must have at least {SHORTEST_KEY} characters, each")
        self._digests = [sha256(key.encode()).digest() for key in known]

    async def __call__(self, scope: Scope) -> None:
        """Let a caller pass, or not."""
        self.check(scope)

    def check(self, scope: Scope) -> None:
        """Compare with every key, in the same time whichever it is."""
        digest = sha256(given_key(scope)).digest()
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        if not any(matches):
            raise Unauthorized("Send a key of this service: Authorization: Bearer KEY.")


def given_key(scope: Scope) -> bytes:
    """The key that a request carries, empty if none."""
    authorization = header(scope, b"authorization") or b""
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return header(scope, b"x-api-key") or b""


def authorize_from(settings: Settings) -> Authorize | None:
    """The hook that the settings ask for; None where everybody may ask.

    Raises:
        StartupError: keys or hook cannot be used; the detail says why.
    """
    if settings.auth_hook:
        return _imported(settings.auth_hook)
    if settings.api_keys is None and settings.api_keys_file is None:
        return None
    keys = settings.api_keys.get_secret_value().split(",") if settings.api_keys else []
    if settings.api_keys_file:
        keys += _lines_of(settings.api_keys_file)
    return ApiKeys(keys)


def _lines_of(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise StartupError(f"cannot read the API keys: {error}") from error
    return [line for line in lines if not line.startswith("#")]


def _imported(name: str) -> Authorize:
    module, _, attribute = name.partition(":")
    try:
        hook: Authorize = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise StartupError(f"cannot import the hook {name!r}: {error}") from error
    return hook
