"""What /forecast reads and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service.rows import Array
from service.tasks.contract import (
    MAX_ITEMS,
    PredictionRequest,
    PredictionResponse,
    WholeNumber,
)

MAX_POINTS = 10_000
MAX_HORIZON = 1024
DEFAULT_HORIZON = 12
DEFAULT_QUANTILES = (0.1, 0.5, 0.9)
LARGEST = 1e30

Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Series = Annotated[list[Value | None], Field(min_length=1, max_length=MAX_POINTS, fail_fast=True)]
ManySeries = Annotated[list[Series], Field(min_length=1, max_length=MAX_ITEMS)]
Quantile = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Level = Annotated[float, Field(gt=0, le=99.99, allow_inf_nan=False)]

PASSENGERS = [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118]
PASSENGERS += [115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140]

EXAMPLES: dict[str, dict[str, Any]] = {
    "two series": {
        "summary": "Two series, one with a missing value",
        "value": {
            "series": [PASSENGERS, [3.1, None, 2.9, 3.4, 3.3, 3.8]],
            "horizon": 6,
            "quantiles": [0.1, 0.5, 0.9],
        },
    },
    "one series": {
        "summary": "One series without the outer list, all else by default",
        "value": {"series": PASSENGERS},
    },
    "intervals": {
        "summary": "Central intervals, a given season, further ahead than one shot",
        "value": {"series": [PASSENGERS], "horizon": 100, "season_length": 12, "levels": [80, 95]},
    },
}


def listed(value: object) -> object:
    """A bare series is a list of one."""
    bare = isinstance(value, list) and bool(value) and not isinstance(value[0], list)
    return [value] if bare else value


class SeriesRequest(PredictionRequest):
    """What forecasts and back-tests are asked with alike."""

    series: Annotated[
        ManySeries, BeforeValidator(listed, json_schema_input_type=ManySeries | Series)
    ] = Field(
        description="Series of 1 to 10,000 values each, oldest first, `null` where a value is "
        "missing; or one series without the outer list.",
    )
    horizon: WholeNumber | None = Field(
        None,
        ge=1,
        le=MAX_HORIZON,
        description="Steps to forecast; without it one season, at least 12.",
    )
    season_length: WholeNumber | None = Field(
        None,
        ge=1,
        le=MAX_POINTS,
        description="Steps in a season, 1 for none; without it, detected in every series.",
    )

    def steps(self) -> int:
        """The horizon, given or by default."""
        return steps_of(self.horizon, self.season_length)


class ForecastRequest(SeriesRequest):
    """Series to continue."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["quantiles", "levels"]}})

    quantiles: list[Quantile] | None = Field(
        None,
        min_length=1,
        max_length=99,
        description="Quantiles to answer, between 0 and 1; without them 0.1, 0.5 and 0.9.",
    )
    levels: list[Level] | None = Field(
        None,
        min_length=1,
        max_length=49,
        description="Central intervals in percent, instead of quantiles: 80 asks for the "
        "quantiles 0.1 and 0.9.",
    )

    @model_validator(mode="after")
    def _quantiles_or_levels(self) -> Self:
        if {"quantiles", "levels"} <= self.model_fields_set:
            raise PydanticCustomError("both", "Give quantiles or levels, not both")
        return self

    def asked_quantiles(self) -> tuple[float, ...]:
        """The quantiles to answer, in rising order."""
        return asked_of(self.quantiles, self.levels)


@dataclass(frozen=True, slots=True)
class SeriesArrays:
    """The same as a ``ForecastRequest``, with its series as numbers already.

    Shape:
        series: (B, T) float32 where all are equally long and nothing is missing, else (T,) each,
            a missing value is NaN.
    """

    series: Sequence[Array] | Array
    horizon: int | None = None
    season_length: int | None = None
    quantiles: Sequence[float] | None = None
    levels: Sequence[float] | None = None
    model: str | None = None
    version: str | None = None

    def steps(self) -> int:
        """The horizon, given or by default."""
        return steps_of(self.horizon, self.season_length)

    def asked_quantiles(self) -> tuple[float, ...]:
        """The quantiles to answer, in rising order."""
        return asked_of(self.quantiles, self.levels)


def steps_of(horizon: int | None, season_length: int | None) -> int:
    """The horizon, given or by default."""
    return horizon or min(max(DEFAULT_HORIZON, season_length or 1), MAX_HORIZON)


def asked_of(
    quantiles: Sequence[float] | None, levels: Sequence[float] | None
) -> tuple[float, ...]:
    """The quantiles to answer, in rising order."""
    if levels is None:
        return tuple(sorted(set(quantiles))) if quantiles else DEFAULT_QUANTILES
    tails = {round((100 - level) / 200, 12) for level in levels}
    return tuple(sorted(tails | {round(1 - tail, 12) for tail in tails}))


class Forecast(BaseModel):
    """The continuation of one series, in its own unit."""

    mean: list[float] = Field(description="Expected values, the next step first.")
    quantiles: dict[str, list[float]] = Field(
        description="For each quantile its values; they rise with the quantile."
    )
    season_length: int = Field(description="Steps in a season, as given or detected; 1 means none.")


class ForecastResponse(PredictionResponse):
    """One forecast for each series, in their order."""

    forecasts: list[Forecast]
