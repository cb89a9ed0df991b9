"""Problem documents: how every failure is told to a client.

Source: RFC 9457 (problem details for HTTP APIs).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from service.asgi import Send
from service.errors import Fault

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:seqserve:problem:"
MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure; ``kind`` is stable across versions, ``detail`` is for a person."""

    status: int
    kind: str
    title: str
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str = "") -> bytes:
        """The document; only the first faults are listed, the detail says if there are more."""
        document: dict[str, object] = {
            "type": TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if request_id:
            document["request_id"] = request_id
        if self.faults:
            document["errors"] = [
                {"location": fault.location, "message": fault.message}
                for fault in self.faults[:MAX_FAULTS]
            ]
        return orjson.dumps(document)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of its own, as a server wants them."""
        return [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]


async def send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """Answer a request with ``problem``, below any web framework."""
    body = problem.body(request_id)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *problem.raw_headers(),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


INTERNAL_ERROR = Problem(
    status=500,
    kind="internal-error",
    title="Internal error",
    detail="The service failed. Its log says why, under the request id of this answer.",
)


def body_too_large(max_bytes: int) -> Problem:
    """The connection ends with it: else the server would go on to read the rest of the body."""
    return Problem(
        status=413,
        kind="body-too-large",
        title="Body too large",
        detail=f"The body is longer than {max_bytes:,} bytes. Send fewer items in a request.",
        headers={"connection": "close"},
    )
