"""POST /next-word/complete, against a network that goes on along the vocabulary."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.service.harness import ServeWith
from tests.service.tiny_networks import WORDS

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, prompts: object, **body: Any) -> list[dict[str, Any]]:
    response = await client.post("/next-word/complete", json={"prompts": prompts, **body})
    assert response.status_code == 200, response.text
    completions: list[dict[str, Any]] = response.json()["completions"]
    return completions


async def test_at_temperature_0_the_likeliest_words_follow(client: httpx.AsyncClient) -> None:
    one, other = await ask(client, ["aa", "Ab, ca"], temperature=0, max_words=3)

    assert one["text"] == " ab ac ad"
    assert one["words"] == [{"word": word, "probability": 0.5} for word in ("ab", "ac", "ad")]
    assert (one["reason"], one["stopped_by"]) == ("max_words", None)
    assert other["text"] == " cb cc cd"


async def test_the_text_goes_right_behind_the_prompt(client: httpx.AsyncClient) -> None:
    texts = [
        each["text"]
        for each in await ask(client, ["", "aa ", "aa! ab", "aa!"], temperature=0, max_words=2)
    ]

    assert texts == ["Aa ab", "ab ac", " ac ad", " Aa ab"]


async def test_twenty_words_are_the_default_and_a_bare_prompt_is_a_list_of_one(
    client: httpx.AsyncClient,
) -> None:
    (completion,) = await ask(client, "aa", temperature=0)

    assert [each["word"] for each in completion["words"]] == WORDS[4:24]


async def test_a_stop_word_ends_its_text_and_is_not_part_of_it(client: httpx.AsyncClient) -> None:
    one, other = await ask(client, ["aa", "ba"], temperature=0, max_words=5, stop=["AD", "la"])

    assert (one["text"], one["reason"], one["stopped_by"]) == (" ab ac", "stop", "AD")
    assert (other["text"], other["reason"]) == (" bb bc bd be bf", "max_words")


async def test_a_stop_word_may_come_first(client: httpx.AsyncClient) -> None:
    (completion,) = await ask(client, "aa", temperature=0, stop=["ab"])

    assert completion == {"text": "", "words": [], "reason": "stop", "stopped_by": "ab"}


async def test_the_same_seed_tells_the_same_story_and_the_answer_tells_the_seed(
    client: httpx.AsyncClient,
) -> None:
    body = {"prompts": ["aa", "bb"]}
    first = (await client.post("/next-word/complete", json=body)).json()
    again = await client.post("/next-word/complete", json={**body, "seed": first["seed"]})
    other = await client.post("/next-word/complete", json={**body, "seed": first["seed"] + 1})

    assert again.json() == first
    assert other.json()["completions"] != first["completions"]


async def test_a_prompt_sent_twice_is_continued_in_two_ways(client: httpx.AsyncClient) -> None:
    one, other = await ask(client, ["aa", "aa"], seed=3)

    assert one["text"] != other["text"]


async def test_neither_neighbours_nor_place_nor_company_change_a_story(
    serve_with: ServeWith,
) -> None:
    prompts = ["aa", "bb cc", "", "aa", "ld ae. Af"]
    settings: dict[str, Any] = {"seed": 11, "max_words": 12, "top_p": 0.99, "temperature": 1.4}
    async with serve_with(max_batch_rows=3) as client:
        together = await ask(client, prompts, **settings)
        backwards = await ask(client, prompts[::-1], **settings)
        alone = await asyncio.gather(*(ask(client, prompt, **settings) for prompt in prompts[:3]))

    assert [each["text"] for (each,) in alone] == [each["text"] for each in together[:3]]
    assert backwards[0] == together[4]
    assert (backwards[1], backwards[4]) == (together[0], together[3])


async def test_only_the_likeliest_are_drawn_from(client: httpx.AsyncClient) -> None:
    (two,) = await ask(client, "aa", seed=5, top_k=2, max_words=40)
    (half,) = await ask(client, "aa", seed=5, top_p=0.4, max_words=10)

    assert {each["probability"] for each in two["words"]} == {0.5, 0.25}
    assert {each["probability"] for each in half["words"]} == {0.5}


async def test_no_group_of_words_comes_twice(client: httpx.AsyncClient) -> None:
    (round_,) = await ask(client, "", temperature=0, max_words=146, no_repeat=2)
    (pairs,) = await ask(client, "ll aa ll", temperature=0, max_words=2, no_repeat=2)
    (free,) = await ask(client, "ll aa ll", temperature=0, max_words=2, no_repeat=0)

    said = [each["word"] for each in round_["words"]]
    assert said[:2] + said[144:] == ["aa", "ab", "aa", "ac"]  # once round the vocabulary
    assert pairs["text"] == " ab ac"  # "ll aa" was there before
    assert free["text"] == " aa ab"


async def test_one_request_is_answered_in_passes_of_all_its_texts(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        await ask(client, ["aa", "bb", "cc"], temperature=0, max_words=4, stop=["bd"])
        metrics = (await client.get("/metrics")).text

    model = 'model="next-word",version="1"'
    batches = next(line for line in metrics.splitlines() if f"batches_total{{{model}" in line)
    rows = next(line for line in metrics.splitlines() if f"_rows_total{{{model}" in line)
    assert (float(batches.split()[-1]), float(rows.split()[-1])) == (4, 4 + 2 + 4)


@pytest.mark.parametrize(
    ("body", "location", "message"),
    [
        pytest.param({"prompts": []}, "prompts", "at least 1", id="no-prompt"),
        pytest.param({"prompts": ["a"] * 65}, "prompts", "at most 64", id="too-many"),
        pytest.param({"prompts": "a", "max_words": 501}, "max_words", "500", id="too-long"),
        pytest.param({"prompts": "a", "temperature": -1}, "temperature", "0", id="cold"),
        pytest.param({"prompts": "a", "temperature": True}, "temperature", "number", id="true"),
        pytest.param({"prompts": "a", "top_p": 0}, "top_p", "greater than 0", id="no-share"),
        pytest.param({"prompts": "a", "seed": -1}, "seed", "0", id="seed"),
        pytest.param(
            {"prompts": "a", "stop": ["aa", "abc"]}, "stop.1", "does not know 'abc'", id="unknown"
        ),
        pytest.param({"prompts": "a", "stop": ["aa ab"]}, "stop.0", "one word", id="two-words"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], location: str, message: str
) -> None:
    response = await client.post("/next-word/complete", json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == location
    assert message in response.json()["errors"][0]["message"]
