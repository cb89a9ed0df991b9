"""POST /forecast: HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service.routes.answering import answer, read_json
from service.routes.openapi import PREDICTION_PROBLEMS, json_body
from service.tasks.forecast_api import EXAMPLES, ForecastRequest, ForecastResponse

router = APIRouter(tags=["predictions"])


@router.post(
    "/forecast",
    response_model=ForecastResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(ForecastRequest, EXAMPLES),
)
async def forecast(request: Request) -> Response:
    """Continue each series: expected values and quantiles.

    Series may differ in length, scale and season, and may have gaps. A horizon beyond what the
    model answers in one shot is reached by feeding forecasts back, with wider intervals.
    """
    return await answer(request, "forecast", await read_json(request, ForecastRequest))
