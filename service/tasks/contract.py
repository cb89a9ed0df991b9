"""What every family has to provide. One file per task holds all that is particular to it.

A task knows requests, arrays and its export's parameters; it knows nothing of HTTP or torch.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.manifest import Manifest
from service.errors import NotOffered
from service.rows import Arrays, Padding, Rows

MAX_ITEMS = 4096

Submit = Callable[[Rows], Awaitable[Arrays]]
Payload = dict[str, Any]
# A piece of an answer that comes bit by bit: what it is, and what it says.
Event = tuple[str, Payload]


def whole(value: object) -> object:
    """Let 12.0 pass for 12: to JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[int, BeforeValidator(whole)]


class PredictionRequest(BaseModel):
    """What all prediction requests share: strict types, no unknown fields, a choice of model."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        description="Name of the model to ask; without it, the default of this endpoint.",
    )
    version: str | None = Field(
        None,
        min_length=1,
        max_length=32,
        description="Version that must answer; without it, the active one.",
    )


class ModelVersion(BaseModel):
    """Which model answered."""

    name: str = Field(description="Name of the model.", examples=["forecaster"])
    version: str = Field(description="Version of its export.", examples=["1"])


class PredictionResponse(BaseModel):
    """What all answers share."""

    model: ModelVersion = Field(description="The model and version that answered.")


RequestT = TypeVar("RequestT")


class Task(ABC, Generic[RequestT]):
    """One family, bound to one export: requests to arrays, and arrays to answers.

    Raises, when constructed:
        KeyError, TypeError, ValueError, OSError: the export's parameters or files do not fit.
    """

    name: ClassVar[str]
    endpoint: ClassVar[str]
    padding: ClassVar[Padding | None] = None

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self.parameters: Mapping[str, Any] = manifest.parameters
        self.folder = folder

    def use_secret(self, secret: bytes) -> None:
        """Keep what all workers of this service know and no client does."""
        self.secret = secret

    def warmup_lengths(self) -> list[int]:
        """Lengths to warm up with; any where nothing varies in length."""
        return [1]

    @abstractmethod
    def decode(self, request: RequestT) -> Rows:
        """The rows that the request asks about.

        Raises:
            InvalidInput: an item is wrong in a way that its type does not show; nothing is
                computed then, for no item.
        """

    @abstractmethod
    def encode(self, request: RequestT, outputs: Arrays) -> Payload:
        """The answer, without the model's name."""

    def in_one_pass(self, request: object) -> bool:
        """Whether ``decode``, one pass and ``encode`` answer this, each in a blink."""
        del request
        return False

    async def answer(self, request: RequestT, submit: Submit) -> Payload:
        """Decode, compute, encode; ``submit`` sends rows to the model."""
        return self.encode(request, await submit(self.decode(request)))

    def stream(self, request: RequestT, submit: Submit) -> AsyncIterator[Event]:
        """The answer bit by bit; the last event, ``done``, is the whole of it.

        Raises:
            NotOffered: this request has no answer that comes bit by bit.
        """
        del request, submit
        raise NotOffered(f"{self.endpoint} does not answer bit by bit")


def plain(value: float) -> float:
    """The number as precise as single precision was, so that it prints short."""
    return float(f"{value:.7g}")
