"""What /next-word/score reads and answers."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from service.tasks.contract import PredictionRequest, PredictionResponse
from service.tasks.next_word_api import Context, Contexts, listed

EXAMPLES: dict[str, dict[str, Any]] = {
    "two": {
        "summary": "Two texts, to see which is likelier",
        "value": {"texts": ["She looked out of the window.", "She looked out of the elephant."]},
    },
    "bare": {
        "summary": "One text without the list",
        "value": {"texts": "it was the best of times"},
    },
}


class ScoreRequest(PredictionRequest):
    """Texts to judge."""

    texts: Annotated[
        Contexts, BeforeValidator(listed, json_schema_input_type=Contexts | Context)
    ] = Field(
        description="Texts of at least one word each; or one text without the list. Every word is "
        "judged after the words before it, the first one as the start of a text.",
    )


class ScoredWord(BaseModel):
    """A word or a mark as the model reads it."""

    word: str
    log_probability: float = Field(
        description="Natural logarithm of its probability after the words before it; for a word "
        "that the model does not know, of any unknown word.",
        le=0,
    )
    known: bool = Field(description="Whether the model knows the word.")


class TextScore(BaseModel):
    """How likely a text is."""

    log_probability: float = Field(
        description="Natural logarithm of the probability of the whole text: the sum over its "
        "words.",
        le=0,
    )
    perplexity: float = Field(
        description="The exponential of the mean negative logarithm a word; lower is likelier.",
        ge=1,
    )
    unknown_words: int = Field(description="Words that the model does not know.", ge=0)
    words: list[ScoredWord]


class ScoreResponse(PredictionResponse):
    """One score for each text, in their order."""

    scores: list[TextScore]
