"""What /transduce reads and answers."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from service.tasks.contract import MAX_ITEMS, PredictionRequest, PredictionResponse

LARGEST = 1e30
LONGEST_TOKEN = 200_000

Sample = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Signal = Annotated[list[Sample], Field(min_length=1, fail_fast=True)]
ManySignals = Annotated[list[Signal], Field(min_length=1, max_length=MAX_ITEMS)]
Token = Annotated[str, Field(min_length=1, max_length=LONGEST_TOKEN)]
ManyTokens = Annotated[list[Token | None], Field(min_length=1, max_length=MAX_ITEMS)]

SINE = [0.0, 0.31, 0.59, 0.81, 0.95, 1.0, 0.95, 0.81, 0.59, 0.31, 0.0, -0.31]

EXAMPLES: dict[str, dict[str, Any]] = {
    "two signals": {
        "summary": "Two signals of different lengths, from a fresh start",
        "value": {"signals": [SINE, [0.0, 5.0, 8.7, 10.0]]},
    },
    "one signal": {
        "summary": "One signal without the outer list",
        "value": {"signals": SINE},
    },
}


def listed(value: object) -> object:
    """A bare signal is a list of one."""
    bare = isinstance(value, list) and bool(value) and not isinstance(value[0], list)
    return [value] if bare else value


def listed_token(value: object) -> object:
    """A bare token is a list of one."""
    return [value] if isinstance(value, str) else value


class TransduceRequest(PredictionRequest):
    """Signals to map, and the states to go on from."""

    signals: Annotated[
        ManySignals, BeforeValidator(listed, json_schema_input_type=ManySignals | Signal)
    ] = Field(
        description="Signals of any length each, oldest sample first, no gaps; or one signal "
        "without the outer list.",
    )
    states: Annotated[
        ManyTokens | None,
        BeforeValidator(listed_token, json_schema_input_type=ManyTokens | Token | None),
    ] = Field(
        None,
        description="For every signal the state token that its samples go on from, `null` for a "
        "fresh start; without them, all start afresh.",
    )

    @model_validator(mode="after")
    def _a_state_for_every_signal(self) -> Self:
        if self.states is not None and len(self.states) != len(self.signals):
            raise PydanticCustomError(
                "states",
                "Give as many states as signals: {states} for {signals}",
                {"states": len(self.states), "signals": len(self.signals)},
            )
        return self


class TransduceResponse(PredictionResponse):
    """An output for every sample of every signal, and the states to go on from."""

    outputs: list[list[float]] = Field(
        description="For each signal its outputs, one for every sample."
    )
    states: list[str] = Field(
        description="For each signal a token: send it with the samples that come next."
    )
