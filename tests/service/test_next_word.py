"""POST /next-word, against a network whose likeliest words follow the last in the vocabulary."""

from typing import Any

import httpx
import pytest

from tests.service.tiny_networks import WORDS

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, **body: Any) -> list[list[str]]:
    response = await client.post("/next-word", json=body)
    assert response.status_code == 200, response.text
    return [
        [candidate["word"] for candidate in prediction["candidates"]]
        for prediction in response.json()["predictions"]
    ]


async def test_every_context_is_continued_in_order(client: httpx.AsyncClient) -> None:
    assert await ask(client, contexts=["aa", "Ab ca BB", "ll"], top_k=2) == [
        ["ab", "ac"],
        ["bc", "bd"],
        ["aa", "ab"],
    ]


@pytest.mark.parametrize("context", ["", "   ", "unheard ,"])
async def test_a_context_without_known_words_is_answered(
    client: httpx.AsyncClient, context: str
) -> None:
    assert await ask(client, contexts=[context], top_k=1) == [["aa"]]


async def test_a_bare_context_is_a_list_of_one_and_five_words_are_the_default(
    client: httpx.AsyncClient,
) -> None:
    assert await ask(client, contexts="aa") == [["ab", "ac", "ad", "ae", "af"]]


async def test_probabilities_come_with_the_words(client: httpx.AsyncClient) -> None:
    response = await client.post("/next-word", json={"contexts": ["aa"], "top_k": 3})

    (prediction,) = response.json()["predictions"]
    probabilities = [candidate["probability"] for candidate in prediction["candidates"]]
    assert probabilities == pytest.approx([1 / 2, 1 / 4, 1 / 8])


async def test_up_to_a_hundred_candidates_are_answered(client: httpx.AsyncClient) -> None:
    (words,) = await ask(client, contexts=["aa"], top_k=100)

    assert words == WORDS[4:104]


async def test_of_a_very_long_context_the_end_counts(client: httpx.AsyncClient) -> None:
    assert await ask(client, contexts=["bb " * 30_000 + "cc"], top_k=1) == [["cd"]]


@pytest.mark.parametrize(
    ("body", "location"),
    [
        pytest.param({"contexts": []}, "contexts", id="no context"),
        pytest.param({"contexts": ["a", 7]}, "contexts.1", id="a number"),
        pytest.param({"contexts": [None]}, "contexts.0", id="null"),
        pytest.param({"contexts": ["x" * 100_001]}, "contexts.0", id="too long"),
        pytest.param({"contexts": "a", "top_k": 0}, "top_k", id="none"),
        pytest.param({"contexts": "a", "top_k": 101}, "top_k", id="too many"),
        pytest.param({"contexts": "a", "k": 5}, "k", id="unknown field"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], location: str
) -> None:
    response = await client.post("/next-word", json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == location
