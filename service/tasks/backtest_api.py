"""What /forecast/backtest reads and answers."""

from typing import Any

from pydantic import BaseModel, Field

from service.tasks.contract import PredictionResponse, WholeNumber
from service.tasks.forecast_api import MAX_POINTS, PASSENGERS, SeriesRequest

MAX_WINDOWS = 100
DEFAULT_WINDOWS = 3

EXAMPLES: dict[str, dict[str, Any]] = {
    "one series": {
        "summary": "The last two half-years of a monthly series, each forecast from before it",
        "value": {"series": PASSENGERS, "horizon": 6, "windows": 2},
    },
    "with forecasts": {
        "summary": "Every origin of the last eight steps, with the forecasts themselves",
        "value": {
            "series": [PASSENGERS],
            "horizon": 4,
            "windows": 5,
            "step": 1,
            "season_length": 12,
            "forecasts": True,
        },
    },
}


class BacktestRequest(SeriesRequest):
    """Series whose ends are forecast from what came before them."""

    windows: WholeNumber = Field(
        DEFAULT_WINDOWS,
        ge=1,
        le=MAX_WINDOWS,
        description="Origins to forecast from, the latest first; a short series gives fewer.",
    )
    step: WholeNumber | None = Field(
        None,
        ge=1,
        le=MAX_POINTS,
        description="Steps from one origin to the next; without it the horizon, so that no value "
        "is forecast twice.",
    )
    forecasts: bool = Field(False, description="Answer the forecasts of every window as well.")


class Accuracy(BaseModel):
    """Figures over windows; null where one cannot be known, as MASE of a constant series."""

    mase: float | None = Field(description="Error of the median over that of in-sample naive.")
    smape: float | None = Field(description="Symmetric percentage error of the median, 0 to 200.")
    wql: float | None = Field(description="Weighted quantile loss over the levels 0.1 to 0.9.")
    coverage_80: float | None = Field(
        description="Share of the truth between the quantiles 0.1 and 0.9; 0.8 is right."
    )


class NaiveAccuracy(BaseModel):
    """The seasonal naive on the same windows."""

    mase: float | None
    smape: float | None


class BacktestWindow(BaseModel):
    """One forecast next to what came."""

    origin: int = Field(description="Number of values that were known.")
    truth: list[float | None]
    median: list[float]
    low: list[float] = Field(description="Quantile 0.1.")
    high: list[float] = Field(description="Quantile 0.9.")
    naive: list[float] = Field(description="What the seasonal naive said.")


class SeriesBacktest(BaseModel):
    """One series over its windows; ``skill`` is 1 for perfect, 0 for as good as naive."""

    accuracy: Accuracy
    naive: NaiveAccuracy
    skill: float | None = Field(description="1 - MASE / MASE of the seasonal naive.")
    origins: list[int] = Field(description="Known values at each origin, the latest first.")
    season_length: int = Field(description="Season of the latest window, given or detected.")
    windows: list[BacktestWindow] | None = None


class BacktestTotal(BaseModel):
    """All series together: means, and WQL and coverage over all of their values."""

    accuracy: Accuracy
    naive: NaiveAccuracy
    skill: float | None
    n_windows: int


class BacktestResponse(PredictionResponse):
    """One entry for each series, in their order, and all of them together."""

    series: list[SeriesBacktest]
    together: BacktestTotal
