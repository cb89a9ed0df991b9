"""POST /forecast/backtest: HTTP in, HTTP out."""

from fastapi import APIRouter, Request, Response

from service.routes.answering import answer, read_json
from service.routes.openapi import PREDICTION_PROBLEMS, json_body
from service.tasks.backtest_api import EXAMPLES, BacktestRequest, BacktestResponse

router = APIRouter(tags=["predictions"])


@router.post(
    "/forecast/backtest",
    response_model=BacktestResponse,
    responses=PREDICTION_PROBLEMS,
    openapi_extra=json_body(BacktestRequest, EXAMPLES),
)
async def backtest(request: Request) -> Response:
    """Measure the forecaster on your own series, from rolling origins.

    The end of each series is forecast from what came before it, from several origins, and compared
    with what came: MASE, sMAPE, WQL, the coverage of the 80 % interval, and the skill over the
    seasonal naive, of each series and together.
    """
    return await answer(request, "forecast", await read_json(request, BacktestRequest))
