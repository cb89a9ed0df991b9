"""POST /classify: JSON, a picture, or several as multipart; HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service import npy
from service.routes.answering import JSON, answer, read_json, read_npy, require_media
from service.routes.forms import read_files
from service.routes.openapi import PREDICTION_PROBLEMS, json_body, query
from service.tasks.classify_api import EXAMPLES, ClassifyRequest, ClassifyResponse, PictureRequest

MULTIPART = "multipart/form-data"
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
            }
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
    openapi_extra=_BODY | {"parameters": [query("model"), query("version")]},
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
        names, pictures = await read_files(request)
    else:
        names, pictures = ("body",), (await request.body(),)
    chosen = {name: request.query_params.get(name) or None for name in ("model", "version")}
    return await answer(request, "classify", PictureRequest(names, pictures, **chosen))
