"""Why a request can fail. HTTP statuses live in service/http_errors.py.

ServiceError
  ClientError              the request can never succeed as sent
    InvalidInput           an item or a field is wrong; says which
      WrongTask            the named model serves another endpoint
      NotJson              the body is no JSON at all
    BrokenForm             the body says that it is a form, but cannot be read as one
    UnsupportedMedia       the body is of a kind that the endpoint does not read
    Unauthorized           the caller did not say who it is, or may not ask
      UnsupportedEncoding  it is compressed in a way that the service does not know
    BrokenEncoding         the body says how it is compressed, but is not
    BrokenArray            the body says that it is a NumPy file, but is not
    BodyTooLarge           the body is longer than the service accepts
    ModelNotFound          no model or version of that name serves here
    NotOffered             the model was exported without what the request needs
    StreamIdle             a WebSocket over which nothing came for too long
    ClientGone             the caller closed the connection
  Unavailable              the same request may succeed later
    ServiceNotReady        models are still being loaded
    ServiceOverloaded      the queue of the model is full
    ServiceStopping        the process is about to end
    DeadlineExceeded       the answer was not ready when the caller said it must be
  PredictError             our fault: a model failed on input that was validated
    BatchContractBroken    a model answered another number of rows than it was asked
  StartupError             the service cannot start
    ExportBroken           an export breaks its contract; says which file
"""

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where, and what would be right."""

    place: Place
    message: str

    @property
    def location(self) -> str:
        """The place as a person reads it: ``series.3.17`` is point 17 of series 3."""
        return ".".join('""' if step == "" else str(step) for step in self.place)


class ServiceError(Exception):
    """Anything that the service itself raises; ``detail`` is a sentence for a person."""

    title = "Internal error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class ClientError(ServiceError):
    """The request can never succeed as sent."""

    title = "Bad request"


class InvalidInput(ClientError):
    """Items or fields are wrong; ``faults`` says which and why, most important first."""

    title = "Invalid input"

    def __init__(self, faults: Sequence[Fault], detail: str = "") -> None:
        first = faults[0] if faults else None
        super().__init__(detail or (f"{first.location}: {first.message}" if first else ""))
        self.faults = tuple(faults)


class NotJson(InvalidInput):
    """The body is no JSON; the detail says at which line and column."""

    title = "Not JSON"


class BrokenForm(ClientError):
    """The body says that it is a multipart form, but cannot be read as one."""

    title = "Broken form"


class UnsupportedMedia(ClientError):
    """The endpoint does not read bodies of this media type."""

    title = "Unsupported media type"


class UnsupportedEncoding(UnsupportedMedia):
    """The body is compressed in a way that the service does not know."""

    title = "Unsupported content encoding"


class BrokenEncoding(ClientError):
    """The body is not what its Content-Encoding says."""

    title = "Broken encoding"


class BrokenArray(ClientError):
    """The body is no NumPy file, or none that can be read without running code from it."""

    title = "Broken array"


class Unauthorized(ClientError):
    """The caller sent no key that the service knows."""

    title = "Unauthorized"


class BodyTooLarge(ClientError):
    """The body is longer than ``max_body_bytes``; it is not read to its end."""

    title = "Body too large"


class ModelNotFound(ClientError):
    """No model or version of that name serves here."""

    title = "Model not found"


class WrongTask(InvalidInput):
    """The named model serves another endpoint."""

    title = "Wrong task"


class NotOffered(ClientError):
    """The model lacks a method of its graph that the request needs; says how it gets it."""

    title = "Not offered"


class StreamIdle(ClientError):
    """Nothing came over a WebSocket for ``stream_idle_s`` seconds."""

    title = "Stream idle"


class ClientGone(ClientError):
    """The caller closed the connection before the answer was ready; only the log sees this."""

    title = "Client gone"


class Unavailable(ServiceError):
    """The same request may succeed later, at the earliest after ``retry_after_s``."""

    title = "Unavailable"

    def __init__(self, detail: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ServiceNotReady(Unavailable):
    """Models are still being loaded, checked or warmed up."""

    title = "Not ready"


class ServiceOverloaded(Unavailable):
    """As many rows as allowed are waiting for the model already."""

    title = "Overloaded"


class ServiceStopping(Unavailable):
    """The service stopped before the request was answered."""

    title = "Stopping"


class DeadlineExceeded(Unavailable):
    """The deadline of the request passed while it waited or while the model computed."""

    title = "Deadline exceeded"


class PredictError(ServiceError):
    """A model failed on input that had been validated."""

    title = "Prediction failed"


class BatchContractBroken(PredictError):
    """A model answered another number of rows than it was asked."""


class StartupError(ServiceError):
    """The service cannot start; the detail says what to do about it."""


class ExportBroken(StartupError):
    """An export does not keep its contract; the detail names the file."""
