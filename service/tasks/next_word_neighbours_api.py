"""What /next-word/neighbours reads and answers."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from service.tasks.contract import PredictionRequest, PredictionResponse, WholeNumber
from service.tasks.next_word_api import MAX_TOP_K, listed

MAX_WORDS = 256
# Words that an export's query holds; the manifest of the model says the same.
MAX_SUMMED = 8

Word = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[list[Word], Field(min_length=1, max_length=MAX_WORDS, fail_fast=True)]
Summed = Annotated[list[Word], Field(min_length=1, max_length=MAX_SUMMED)]

EXAMPLES: dict[str, dict[str, Any]] = {
    "words": {"summary": "Two words", "value": {"words": ["king", "walked"], "top_k": 3}},
    "bare": {"summary": "One word without the list", "value": {"words": "london"}},
    "analogy": {
        "summary": "What is to a woman as a king is to a man",
        "value": {"positive": ["king", "woman"], "negative": ["man"], "top_k": 3},
    },
}


class NeighboursRequest(PredictionRequest):
    """Words, or a sum of words, whose neighbours are wanted."""

    words: Annotated[
        Words | None, BeforeValidator(listed, json_schema_input_type=Words | Word | None)
    ] = Field(None, description="Words to find neighbours of; or one word without the list.")
    positive: Summed | None = Field(
        None, description="Instead of `words`: words whose vectors are added up."
    )
    negative: Summed | None = Field(
        None, description="With `positive`: words whose vectors are taken away."
    )
    top_k: WholeNumber = Field(
        10, ge=1, le=MAX_TOP_K, description="Neighbours to answer for each word."
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.words is None) == (self.positive is None):
            raise PydanticCustomError("one_of", "Give either 'words' or 'positive'")
        if self.negative and not self.positive:
            raise PydanticCustomError("needs_positive", "'negative' goes with 'positive' only")
        if len([*(self.positive or ()), *(self.negative or ())]) > MAX_SUMMED:
            raise PydanticCustomError("too_many", f"At most {MAX_SUMMED} words are added up")
        return self


class Neighbour(BaseModel):
    """A word that the model uses alike."""

    word: str
    similarity: float = Field(
        description="Cosine of the angle between the vectors: 1 for the same direction.",
        ge=-1.001,
        le=1.001,
    )


class Neighbourhood(BaseModel):
    """The words nearest to one word, or to one sum of words, nearest first."""

    word: str = Field(description="The word as the model reads it, or the sum in words.")
    neighbours: list[Neighbour]


class NeighboursResponse(PredictionResponse):
    """One neighbourhood for each word, in their order; a single one for a sum."""

    neighbours: list[Neighbourhood]
