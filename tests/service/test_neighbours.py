"""POST /next-word/neighbours, against a network in which near words stand near each other."""

from typing import Any

import httpx
import pytest

from service.tasks.lexicon import Lexicon

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, **body: Any) -> list[dict[str, Any]]:
    response = await client.post("/next-word/neighbours", json=body)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["neighbours"]
    return found


def words(found: dict[str, Any]) -> list[str]:
    return [each["word"] for each in found["neighbours"]]


async def test_each_word_has_its_neighbours_nearest_first(client: httpx.AsyncClient) -> None:
    one, other = await ask(client, words=["ad", "Bb"], top_k=3)

    assert (one["word"], words(one)) == ("ad", ["ae", "ac", "af"])
    assert (other["word"], words(other)) == ("bb", ["bc", "ba", "bd"])
    similar = [each["similarity"] for each in one["neighbours"]]
    assert similar == pytest.approx([1 - 0.75e-3, 1 - 1.25e-3, 1 - 1.75e-3])


async def test_a_bare_word_is_a_list_of_one_with_ten_neighbours(client: httpx.AsyncClient) -> None:
    (found,) = await ask(client, words="aa")

    assert len(found["neighbours"]) == 10


async def test_words_are_added_up_and_taken_away(client: httpx.AsyncClient) -> None:
    (found,) = await ask(client, positive=["ba", "ad"], negative=["ab"], top_k=4)

    # Ids 15 + 6 - 4 = 17, which is "bc"; the words of the question are left out.
    assert found["word"] == "ba + ad - ab"
    assert words(found) == ["bc", "bd", "bb", "be"]


async def test_a_mark_has_neighbours_too(client: httpx.AsyncClient) -> None:
    (found,) = await ask(client, words=[","], top_k=1)

    assert words(found) == ["aa"]


async def test_an_unknown_word_is_refused_with_words_spelled_alike(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/next-word/neighbours", json={"words": ["aa", "aaa", "zz9"]})

    problem = response.json()
    assert response.status_code == 422
    assert problem["errors"][0]["location"] == "words.1"
    assert problem["errors"][0]["message"].startswith(
        "The model does not know 'aaa'; it knows 'aa'"
    )
    assert problem["errors"][1] == {
        "location": "words.2",
        "message": "Should be one word; the model reads 'zz' and '<number>'",
    }


async def test_a_hundred_unknown_words_are_not_all_looked_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []
    fault = Lexicon.fault

    def counted(self: Lexicon, text: str) -> str:
        looked_up.append(text)
        return fault(self, text)

    monkeypatch.setattr(Lexicon, "fault", counted)
    response = await client.post("/next-word/neighbours", json={"words": ["qqq"] * 100})

    assert len(looked_up) == len(response.json()["errors"]) == 20
    assert response.json()["errors"][0]["message"] == "The model does not know 'qqq'"


@pytest.mark.parametrize(
    ("body", "location", "message"),
    [
        pytest.param({}, "body", "Give either 'words' or 'positive'", id="nothing"),
        pytest.param(
            {"words": "aa", "positive": ["aa"]}, "body", "Give either 'words' or", id="both"
        ),
        pytest.param(
            {"words": "aa", "negative": ["ab"]}, "body", "'negative' goes with", id="negative-only"
        ),
        pytest.param({"positive": ["aa"] * 5, "negative": ["aa"] * 4}, "body", "At most 8", id="9"),
        pytest.param(
            {"positive": ["aa"], "negative": ["AA"]}, "positive", "cancel each other", id="zero"
        ),
        pytest.param({"positive": ["aa", "no"]}, "positive.1", "does not know", id="unknown"),
        pytest.param(
            {"positive": ["aa"], "negative": ["a b"]}, "negative.0", "one word", id="two-words"
        ),
        pytest.param({"words": [" "]}, "words.0", "reads nothing", id="blank"),
        pytest.param({"words": []}, "words", "at least 1", id="empty"),
        pytest.param({"words": "aa", "top_k": 101}, "top_k", "100", id="too-many"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], location: str, message: str
) -> None:
    response = await client.post("/next-word/neighbours", json=body)

    error = response.json()["errors"][0]
    assert response.status_code == 422
    assert error["location"] == location
    assert message in error["message"]
