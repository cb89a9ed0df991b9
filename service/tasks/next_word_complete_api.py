"""What /next-word/complete reads and answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from service.tasks.contract import PredictionRequest, PredictionResponse, WholeNumber
from service.tasks.next_word_api import MAX_TOP_K, Context, listed

MAX_PROMPTS = 64
MAX_COMPLETED_WORDS = 500
MAX_SEED = 2**53 - 1  # what every JSON parser reads exactly

Prompts = Annotated[list[Context], Field(min_length=1, max_length=MAX_PROMPTS, fail_fast=True)]
StopWord = Annotated[str, Field(min_length=1, max_length=100)]
Stops = Annotated[list[StopWord], Field(max_length=16)]


def as_number(value: object) -> object:
    """Let 1 pass for 1.0, but not true."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[float, BeforeValidator(as_number)]

EXAMPLES: dict[str, dict[str, Any]] = {
    "sentence": {
        "summary": "To the end of the sentence, the same every time",
        "value": {"prompts": ["She looked out of the"], "stop": ["."], "seed": 7, "top_p": 0.8},
    },
    "several": {
        "summary": "Two stories; every request tells others",
        "value": {"prompts": ["Once upon a time", ""], "max_words": 12, "temperature": 0.8},
    },
    "likeliest": {
        "summary": "Always the likeliest word",
        "value": {"prompts": "it was the best of", "max_words": 5, "temperature": 0},
    },
}


class CompleteRequest(PredictionRequest):
    """Texts to continue by several words."""

    prompts: Annotated[
        Prompts, BeforeValidator(listed, json_schema_input_type=Prompts | Context)
    ] = Field(
        description="Texts of any number of words, also none; or one text without the list. The "
        "model reads the last words only."
    )
    max_words: WholeNumber = Field(
        20, ge=1, le=MAX_COMPLETED_WORDS, description="Words and marks to write at most."
    )
    temperature: Number = Field(
        1.0,
        ge=0,
        le=5,
        description="Below 1 likely words come more often than their probability says, above 1 "
        "less often; 0 takes the likeliest always.",
    )
    top_k: WholeNumber | None = Field(
        None, ge=1, le=MAX_TOP_K, description="Draw from that many of the likeliest words only."
    )
    top_p: Number | None = Field(
        None,
        gt=0,
        le=1,
        description="Draw from the fewest words that hold this share of the probability.",
    )
    seed: WholeNumber | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        description="The same seed gives the same text; without it a new one is drawn, which the "
        "answer tells.",
    )
    stop: Stops = Field(
        default=[],
        description="Words or marks at which a text ends; they are not part of it.",
        examples=[[".", "!"]],
    )
    no_repeat: WholeNumber = Field(
        4,
        ge=0,
        le=16,
        description="No group of that many words and marks comes twice, the prompt's last words "
        "included; 0 lets everything repeat.",
    )
    stream: bool = Field(
        default=False,
        description="Answer with server-sent events, one for each word as it comes; so does "
        "`Accept: text/event-stream`.",
    )


class CompletedWord(BaseModel):
    """A word or mark that was written."""

    word: str
    probability: float = Field(
        description="Its probability among all words, whatever the temperature.", ge=0, le=1
    )


class Completion(BaseModel):
    """What was written behind one prompt."""

    text: str = Field(
        description="Goes right behind the prompt: it starts with a space where one is needed."
    )
    words: list[CompletedWord]
    reason: Literal["stop", "max_words"] = Field(description="Why the text ends.")
    stopped_by: str | None = Field(description="The word of `stop` that ended it.")


class CompleteResponse(PredictionResponse):
    """One completion for each prompt, in their order."""

    seed: int = Field(description="Send it again to get the same texts.")
    completions: list[Completion]
