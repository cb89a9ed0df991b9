"""The direct path: plain JSON to an answer without an application, a task or a coroutine.

For the smallest models half of a request's time is spent between the socket and the application.
What may go this way is decided by the head of a request; its body is read and answered by the same
functions as on the fast path (docs/decisions/0022-direct-path.md).
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from service.asgi import Scope
from service.authorization import ApiKeys, authorize_from
from service.direct_request import DirectRequest, Office, Wire
from service.door import Line
from service.errors import ClientError
from service.fast_path import ENDPOINTS, is_json
from service.known_head import KnownHead, PlainHead
from service.lifecycle import Service
from service.request_deadline import deadline

# A request with one of these is for the application.
UNUSUAL = frozenset({b"content-encoding", b"transfer-encoding", b"upgrade", b"expect"})

Check = Callable[[Scope], None]


class Head(NamedTuple):
    """What is to be known of the head of a plain request."""

    n_bytes: int
    given_id: bytes | None
    timeout_ms: bytes | None


class DirectPath:
    """Takes the requests that can be answered like this, if ``check`` lets them pass."""

    def __init__(self, service: Service, *, check: Check | None = None) -> None:
        # The last head that was found plain: a new connection often brings the same.
        self.latest: KnownHead | None = None
        self._office = Office(service)
        self._check = check
        self._default_ms = service.settings.default_timeout_ms
        self._max_bytes = service.settings.max_body_bytes
        self._off_loop = service.off_loop
        self._endpoints = {path.encode("ascii"): path for path in ENDPOINTS}

    def plain(self, url: bytes, scope: Scope, line: Line) -> PlainHead | None:
        """The POST whose headers are in ``scope``; None if the application shall answer it."""
        path = self._endpoints.get(url)
        head = plain_head(scope["headers"]) if path else None
        if path is None or head is None or not self.takes(head.n_bytes):
            return None
        try:
            timeout_s = deadline(head.timeout_ms, 0.0, self._default_ms)
            if self._check:
                self._check(scope)
        except ClientError:  # the application says why
            return None
        return PlainHead(path, ENDPOINTS[path], line, head.given_id, timeout_s)

    def takes(self, n_bytes: int) -> bool:
        """Whether a body is as long as those that are read here."""
        return 0 < n_bytes <= self._max_bytes and not self._off_loop.takes(n_bytes)

    @property
    def most_bytes(self) -> int:
        """The longest body that is read here."""
        return min(self._max_bytes, self._off_loop.from_bytes - 1)

    def begin(self, head: PlainHead, wire: Wire) -> DirectRequest:
        """A request with this head, on this connection; its body comes next."""
        return DirectRequest(self._office, head, wire)


def plain_head(headers: Iterable[tuple[bytes, bytes]]) -> Head | None:
    """The head of a plain JSON body; None if it is none."""
    n_bytes = 0
    given_id = timeout_ms = None
    for name, value in headers:
        if name == b"content-length":
            n_bytes = int(value) if value.isdigit() else 0
        elif name == b"content-type":
            if not is_json(value):
                return None
        elif name in UNUSUAL:
            return None
        elif name == b"x-request-id":
            given_id = value if given_id is None else given_id
        elif name == b"x-timeout-ms":
            timeout_ms = value if timeout_ms is None else timeout_ms
    return Head(n_bytes, given_id, timeout_ms)


def direct_path(service: Service) -> DirectPath | None:
    """The direct path, unless somebody else's code has a say in who may ask."""
    authorize = authorize_from(service.settings)
    if authorize is None:
        return DirectPath(service)
    return DirectPath(service, check=authorize.check) if isinstance(authorize, ApiKeys) else None
