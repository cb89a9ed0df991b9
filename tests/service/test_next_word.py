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
        pytest.param({"contexts": "a", "marks": 1}, "marks", id="no truth value"),
        pytest.param({"contexts": "a", "start": None}, "start", id="null for a truth value"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], location: str
) -> None:
    response = await client.post("/next-word", json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == location


# The likeliest words after "kz", which is unknown, are aa, ab, ac, ...; after "lb" lc, ld, le, ...
@pytest.mark.parametrize(
    ("context", "words"),
    [
        pytest.param("kz c", ["ca", "cb", "cc"], id="a-letter"),
        pytest.param("cb c", ["cc", "cd", "ce"], id="the-context-still-counts"),
        pytest.param("kz Cb", ["cb"], id="a-whole-word-in-any-case"),
        pytest.param("aa", ["aa"], id="nothing-before"),
        pytest.param("kz xyz", [], id="no-word-begins-so"),
        pytest.param("cb ", ["cc", "cd", "ce"], id="a-finished-word"),
        pytest.param("cb,", ["aa", "ab", "ac"], id="a-mark"),
        pytest.param("cb 12", ["aa", "ab", "ac"], id="a-number"),
        pytest.param("kz 'ca", ["ca"], id="an-opened-quotation"),
        pytest.param("kz \u2018c", ["ca", "cb", "cc"], id="a-curly-one"),
    ],
)
async def test_a_half_typed_word_is_finished(
    client: httpx.AsyncClient, context: str, words: list[str]
) -> None:
    assert await ask(client, contexts=context, top_k=3, unfinished=True) == [words]


async def test_half_typed_and_finished_words_share_a_request(client: httpx.AsyncClient) -> None:
    contexts = ["cb", "cb ", "kz lo", "dd "]

    assert await ask(client, contexts=contexts, top_k=2, unfinished=True) == [
        ["cb"],
        ["cc", "cd"],
        ["london"],
        ["de", "df"],
    ]


async def test_a_candidate_has_its_probability_among_all_words(client: httpx.AsyncClient) -> None:
    response = await client.post("/next-word", json={"contexts": "aa ad", "unfinished": True})

    (prediction,) = response.json()["predictions"]
    (candidate,) = prediction["candidates"]
    assert candidate == {"word": "ad", "probability": pytest.approx(1 / 8)}


@pytest.mark.parametrize(
    ("context", "words"),
    [
        pytest.param("kz kc", ["London", "woman"], id="a-name"),
        pytest.param("", ["Aa", "Ab"], id="the-start"),
        pytest.param("cb. ", ["Kh", "Ki"], id="a-new-sentence"),
        pytest.param("la lb", ["Lc", "ld"], id="another-name"),
    ],
)
async def test_candidates_are_written_as_they_stand_in_the_text(
    client: httpx.AsyncClient, context: str, words: list[str]
) -> None:
    named = context.replace("kc", "walked")
    assert await ask(client, contexts=named, top_k=2, capitalize=True) == [words]


async def test_a_capital_typed_by_hand_stays(client: httpx.AsyncClient) -> None:
    body = {"top_k": 2, "unfinished": True, "capitalize": True}

    assert await ask(client, contexts=["kz Ca", "kz ca", "kz lon"], **body) == [
        ["Ca"],
        ["ca"],
        ["London"],
    ]


async def test_marks_are_suggested_on_request_and_the_unknown_word_never(
    client: httpx.AsyncClient,
) -> None:
    (words,) = await ask(client, contexts="lk", top_k=100, marks=True)
    (without,) = await ask(client, contexts="lk", top_k=100)

    assert len(words) == len(without) == 100
    assert not {"<unk>", "<pad>", ","} & set(without)
    assert not {"<unk>", "<pad>"} & set(words)


async def test_words_from_the_middle_of_a_sentence_get_no_capital(
    client: httpx.AsyncClient,
) -> None:
    body = {"top_k": 1, "capitalize": True, "start": False}

    assert await ask(client, contexts=["", "aa", "aa."], **body) == [["aa"], ["ab"], ["Kh"]]
