"""POST /next-word/score, against a network that expects the next word of the vocabulary."""

import math
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.export_folder import read_manifest
from service.rows import Arrays, Rows
from service.tasks.lexicon import Lexicon
from service.tasks.next_word_score import MAX_WORDS, Scoring
from service.tasks.next_word_score_api import ScoreRequest
from tests.service.harness import ServeWith

pytestmark = pytest.mark.anyio

HALF, LEAST = math.log(0.5), math.log(0.5**101)


async def ask(client: httpx.AsyncClient, texts: object) -> list[dict[str, Any]]:
    response = await client.post("/next-word/score", json={"texts": texts})
    assert response.status_code == 200, response.text
    scores: list[dict[str, Any]] = response.json()["scores"]
    return scores


async def test_each_word_is_judged_after_the_words_before_it(client: httpx.AsyncClient) -> None:
    (score,) = await ask(client, ["aa ab ad"])

    assert [each["word"] for each in score["words"]] == ["aa", "ab", "ad"]
    judged = [each["log_probability"] for each in score["words"]]
    assert judged == pytest.approx([HALF, HALF, 2 * HALF])
    assert score["log_probability"] == pytest.approx(4 * HALF)
    assert score["perplexity"] == pytest.approx(2 ** (4 / 3))


async def test_texts_of_different_lengths_are_scored_in_order(client: httpx.AsyncClient) -> None:
    scores = await ask(client, ["aa", "bb bc bd be", "ac"])

    assert [len(score["words"]) for score in scores] == [1, 4, 1]
    assert [score["log_probability"] for score in scores] == pytest.approx(
        [HALF, 14 * HALF + 3 * HALF, 3 * HALF]
    )


async def test_words_that_the_model_does_not_know_are_named_and_counted(
    client: httpx.AsyncClient,
) -> None:
    (score,) = await ask(client, "Unheard, aa UNHEARD")

    assert score["unknown_words"] == 2
    assert [(each["word"], each["known"]) for each in score["words"]] == [
        ("unheard", False),
        (",", True),
        ("aa", True),
        ("unheard", False),
    ]
    assert score["words"][1]["log_probability"] == pytest.approx(LEAST)


async def test_a_text_longer_than_a_pass_is_cut_into_several(serve_with: ServeWith) -> None:
    words = 700 * ["aa", "ab"]
    async with serve_with(max_batch_rows=64, max_queued_rows=100) as client:
        (score,) = await ask(client, [" ".join(words)])

    assert [each["word"] for each in score["words"]] == words
    rest = [each["log_probability"] for each in score["words"][1:]]
    assert rest == pytest.approx([HALF, LEAST] * 699 + [HALF])


async def test_a_long_text_has_a_part_of_its_words_waiting_at_a_time(tiny_repository: Path) -> None:
    folder = tiny_repository / "next-word" / "1"
    scoring = Scoring(Lexicon(read_manifest(folder).parameters, folder))
    sizes = []

    async def submit(rows: Rows) -> Arrays:
        sizes.append(len(rows))
        return {"log_probabilities": -np.ones(len(rows), dtype=np.float32)}

    answer = await scoring.answer(ScoreRequest(texts=["aa " * 2000, "ab " * 500]), submit)

    assert sizes == [1024, 1024, 452]
    assert [score["log_probability"] for score in answer["scores"]] == [-2000, -500]


async def test_what_is_too_long_in_all_is_refused(client: httpx.AsyncClient) -> None:
    half = "aa " * (MAX_WORDS // 2)

    response = await client.post("/next-word/score", json={"texts": [half, half, "aa"]})

    assert response.status_code == 422
    assert "at most 16,384 are scored" in response.json()["detail"]


@pytest.mark.parametrize(
    ("texts", "location"),
    [
        pytest.param([], "texts", id="no-text"),
        pytest.param(["aa", " \n"], "texts.1", id="no-word"),
        pytest.param("", "texts.0", id="nothing"),
        pytest.param(["aa", 5], "texts.1", id="a-number"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, texts: object, location: str
) -> None:
    response = await client.post("/next-word/score", json={"texts": texts})

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == location
