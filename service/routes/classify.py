"""POST /classify: JSON, a picture, or several as multipart; HTTP in, HTTP out."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from service import npy
from service.parsing import validated
from service.query import flag
from service.routes.answering import JSON, answer, read_json, read_npy, require_media
from service.routes.forms import read_files
from service.routes.openapi import PREDICTION_PROBLEMS, json_body, query
from service.tasks.classify_api import (
    EXAMPLES,
    ClassifyOptions,
    ClassifyRequest,
    ClassifyResponse,
    PictureRequest,
)

MULTIPART = "multipart/form-data"
OPTIONS = ("model", "version", "trace")
PICTURES = ("image/png", "image/jpeg")

router = APIRouter(tags=["predictions"])

_PICTURE_SCHEMA = {"schema": {"type": "string", "format": "binary"}}
_MULTIPART_SCHEMA = {
    "schema": {
        "type": "object",
        "required": ["images"],
        "properties": {
            "images": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "format": "binary"},
                "description": "PNG or JPEG files; the name of the field does not matter.",
            },
            "model": {"type": "string", "description": "As the field of the same name in JSON."},
            "version": {"type": "string", "description": "As the field of the same name in JSON."},
            "trace": {"type": "boolean", "description": "As the field of the same name in JSON."},
        },
    }
}
_BODY = json_body(
    ClassifyRequest,
    EXAMPLES,
    **{MULTIPART: _MULTIPART_SCHEMA},
    **dict.fromkeys(PICTURES, _PICTURE_SCHEMA),
    **{npy.MEDIA_TYPES[0]: _PICTURE_SCHEMA},
)


@router.post(
    "/classify",
    response_model=ClassifyResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=_BODY | {"parameters": [query(name) for name in OPTIONS]},
)
async def classify(request: Request) -> Response:
    """Name the digit in each image.

    JSON images are taken as they are: 28x28, bright ink on black, centred like MNIST. Pictures,
    as the body itself or as multipart files, may have any size and polarity: they are cropped,
    scaled and centred the way MNIST was made. A NumPy file holds images as JSON does, as an array
    of (B, 28, 28), (B, 784) or (28, 28) of any numbers.
    """
    media = require_media(request, JSON, MULTIPART, *PICTURES, *npy.MEDIA_TYPES)
    if media == JSON:
        return await answer(request, "classify", await read_json(request, ClassifyRequest))
    if media in npy.MEDIA_TYPES:
        return await answer(request, "classify", await read_npy(request, npy.images_of))
    if media == MULTIPART:
        names, pictures, fields = await read_files(request, OPTIONS)
    else:
        names, pictures, fields = ("body",), (await request.body(),), {}
    chosen = _chosen(fields | dict(request.query_params))
    picture = PictureRequest(names, pictures, chosen.model, chosen.version, chosen.trace)
    return await answer(request, "classify", picture)


def _chosen(given: Mapping[str, str]) -> ClassifyOptions:
    """What was asked for besides pictures; what is empty was not."""
    fields: dict[str, object] = {name: given[name] for name in OPTIONS if given.get(name)}
    if "trace" in fields:
        fields["trace"] = flag(given["trace"])
    return validated(ClassifyOptions, fields)
