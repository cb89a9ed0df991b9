"""What /classify reads and answers."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from service.rows import Array
from service.tasks.contract import MAX_ITEMS, PredictionRequest, PredictionResponse
from service.tasks.row_trace import MAX_TRACED

SIDE = 28
PIXELS = SIDE * SIDE
NESTED, FLAT = "28 rows of 28", "784 pixels"

Pixel = Annotated[float, Field(ge=0, le=255, allow_inf_nan=False)]
Row = Annotated[list[Pixel], Field(min_length=SIDE, max_length=SIDE, fail_fast=True)]
NestedImage = Annotated[list[Row], Field(min_length=SIDE, max_length=SIDE, fail_fast=True)]
FlatImage = Annotated[list[Pixel], Field(min_length=PIXELS, max_length=PIXELS, fail_fast=True)]


def layout(image: object) -> str:
    """How an image is written: as rows, or as one list of pixels."""
    nested = isinstance(image, list) and bool(image) and isinstance(image[0], list)
    return NESTED if nested else FLAT


Image = Annotated[
    Annotated[NestedImage, Tag(NESTED)] | Annotated[FlatImage, Tag(FLAT)], Discriminator(layout)
]
Images = Annotated[list[Image], Field(min_length=1, max_length=MAX_ITEMS)]


def listed(value: object) -> object:
    """A bare image, nested or flat, is a list of one."""
    if not isinstance(value, list) or not value:
        return value
    first = value[0]
    if not isinstance(first, list):
        return [value]
    # Rows of one image or flat images? Nothing valid is in between, so only the message depends.
    short = len(first) <= PIXELS // 2
    return [value] if short and not any(isinstance(pixel, list) for pixel in first) else value


class ClassifyOptions(PredictionRequest):
    """What may be asked besides the images."""

    trace: bool = Field(
        False,
        description="Also answer the belief after every row: the probabilities for the image with "
        f"its later rows blank. At most {MAX_TRACED} images then.",
    )


class ClassifyRequest(ClassifyOptions):
    """Images to name, laid out like MNIST: bright ink on black, centred."""

    images: Annotated[
        Images, BeforeValidator(listed, json_schema_input_type=Images | NestedImage | FlatImage)
    ] = Field(
        description="Images of 28 rows of 28 grey levels from 0 to 255, or of 784 levels row by "
        "row; or one image without the outer list.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class ImageArrays:
    """The same as a ``ClassifyRequest``, with its images as numbers already.

    Shape:
        images: (B, 28, 28) float32, 0..255.
    """

    images: Array
    model: str | None = None
    version: str | None = None
    trace: bool = False


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Pictures of digits as files, of any size and polarity; ``names`` say which is which."""

    names: tuple[str, ...]
    pictures: tuple[bytes, ...]
    model: str | None = None
    version: str | None = None
    trace: bool = False


class Classification(BaseModel):
    """What one image shows."""

    label: str = Field(description="Name of the most probable class.", examples=["7"])
    digit: int | None = Field(
        None, description="The same as a number; absent where the classes are no digits."
    )
    probability: float = Field(description="Probability of that class.", ge=0, le=1)
    probabilities: list[float] = Field(
        description="Probability of every class, in the order of the model's `classes`."
    )
    trace: list[list[float]] | None = Field(
        None,
        description="Only with `trace`: 28 lists, `probabilities` after each row of the image. "
        "The last is that of the whole image.",
    )


class ClassifyResponse(PredictionResponse):
    """One prediction for each image, in their order."""

    predictions: list[Classification]


def _drawn(*rows: str) -> list[list[int]]:
    """A drawing of 14 x 14 characters, doubled in size."""
    grey = {".": 0, "o": 128, "#": 255}
    return [[grey[mark] for mark in row for _ in "12"] for row in rows for _ in "12"]


SEVEN = _drawn(
    "..............",
    "..............",
    "...........o..",
    "..#########o..",
    "..ooooooo##...",
    "........o#o...",
    "........##....",
    ".......o#o....",
    ".......##.....",
    "......o#o.....",
    "......##......",
    ".....o#o......",
    "..............",
    "..............",
)

EXAMPLES: dict[str, dict[str, Any]] = {
    "nested": {"summary": "One image as 28 rows of 28", "value": {"images": [SEVEN]}},
    "flat": {
        "summary": "One image as 784 grey levels, without the outer list",
        "value": {"images": [level for row in SEVEN for level in row]},
    },
    "trace": {
        "summary": "With the belief after every row",
        "value": {"images": SEVEN, "trace": True},
    },
}
