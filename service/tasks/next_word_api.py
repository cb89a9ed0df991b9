"""What /next-word reads and answers."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from service.tasks.contract import MAX_ITEMS, PredictionRequest, PredictionResponse, WholeNumber

MAX_TOP_K = 100
MAX_CHARACTERS = 100_000

Context = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Contexts = Annotated[list[Context], Field(min_length=1, max_length=MAX_ITEMS, fail_fast=True)]

EXAMPLES: dict[str, dict[str, Any]] = {
    "one": {
        "summary": "One context",
        "value": {"contexts": ["she looked out of the"], "top_k": 3},
    },
    "several": {
        "summary": "Several contexts, one of them empty: the start of a text",
        "value": {"contexts": ["to be or not to", "once upon a", ""]},
    },
    "keyboard": {
        "summary": "What a keyboard asks for while a word is typed",
        "value": {"contexts": "We met in Lon", "unfinished": True, "capitalize": True, "top_k": 3},
    },
    "bare": {"summary": "One context without the list", "value": {"contexts": "it was the best"}},
}


def listed(value: object) -> object:
    """A bare context is a list of one."""
    return [value] if isinstance(value, str) else value


class NextWordRequest(PredictionRequest):
    """Texts to continue by one word."""

    contexts: Annotated[
        Contexts, BeforeValidator(listed, json_schema_input_type=Contexts | Context)
    ] = Field(
        description="Texts of any number of words, also none; or one text without the list. The "
        "model reads the last words only.",
    )
    top_k: WholeNumber = Field(
        5, ge=1, le=MAX_TOP_K, description="Candidates to answer for each context."
    )
    unfinished: bool = Field(
        default=False,
        description="The last word of a context may be half typed: candidates begin with its "
        "letters. A context that does not end with a letter is continued as ever.",
    )
    capitalize: bool = Field(
        default=False,
        description="Write candidates as they stand in the text: capitals at the start of a "
        "sentence, in names, and where a half typed word has one.",
    )
    marks: bool = Field(
        default=False, description="Suggest marks too, such as the comma or the full stop."
    )
    start: bool = Field(
        default=True,
        description="A context of few words is the start of a text. If not, they were cut from "
        "the middle of a sentence.",
    )


class Candidate(BaseModel):
    """A word that may come next."""

    word: str
    probability: float = Field(description="Probability among all words.", ge=0, le=1)


class Continuation(BaseModel):
    """The likeliest next words of one context, likeliest first."""

    candidates: list[Candidate]


class NextWordResponse(PredictionResponse):
    """One prediction for each context, in their order."""

    predictions: list[Continuation]
