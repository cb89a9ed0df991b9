"""POST /forecast: HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service import npy
from service.routes.answering import JSON, answer, read_json, read_npy, require_media
from service.routes.openapi import PREDICTION_PROBLEMS, json_body, query
from service.tasks.forecast_api import EXAMPLES, ForecastRequest, ForecastResponse

router = APIRouter(tags=["predictions"])

QUERY = ("horizon", "season_length", "quantiles", "levels", "model", "version")
_ARRAY_SCHEMA = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/forecast",
    response_model=ForecastResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(ForecastRequest, EXAMPLES, **{npy.MEDIA_TYPES[0]: _ARRAY_SCHEMA})
    | {"parameters": [query(name) for name in QUERY]},
)
async def forecast(request: Request) -> Response:
    """Continue each series: expected values and quantiles.

    Series may differ in length, scale and season, and may have gaps. A horizon beyond what the
    model answers in one shot is reached by feeding forecasts back, with wider intervals. A NumPy
    file holds series as an array of (B, T) or (T,), NaN where a value is missing; the query says
    the rest then.
    """
    if require_media(request, JSON, *npy.MEDIA_TYPES) in npy.MEDIA_TYPES:
        return await answer(request, "forecast", await read_npy(request, npy.series_of))
    return await answer(request, "forecast", await read_json(request, ForecastRequest))
