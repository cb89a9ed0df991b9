"""The shipped exports, served: every example answered, and nobody notices a neighbour."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service.settings import Settings
from service.tasks.classify_api import EXAMPLES as CLASSIFY
from service.tasks.forecast_api import EXAMPLES as FORECAST
from service.tasks.next_word_api import EXAMPLES as NEXT_WORD
from service.tasks.next_word_complete_api import EXAMPLES as COMPLETE
from service.tasks.next_word_neighbours_api import EXAMPLES as NEIGHBOURS
from service.tasks.next_word_score_api import EXAMPLES as SCORE
from service.tasks.transduce_api import EXAMPLES as TRANSDUCE
from tests.service.harness import client_of, serving

pytestmark = pytest.mark.anyio

REPOSITORY = Path(__file__).resolve().parents[2] / "models" / "repository"
EXAMPLES = [("/forecast", each["value"]) for each in FORECAST.values()]
EXAMPLES += [("/classify", each["value"]) for each in CLASSIFY.values()]
EXAMPLES += [("/next-word", each["value"]) for each in NEXT_WORD.values()]
EXAMPLES += [("/next-word/score", each["value"]) for each in SCORE.values()]
EXAMPLES += [("/next-word/complete", each["value"]) for each in COMPLETE.values()]
EXAMPLES += [("/next-word/neighbours", each["value"]) for each in NEIGHBOURS.values()]
EXAMPLES += [("/transduce", each["value"]) for each in TRANSDUCE.values()]


@pytest.fixture(scope="module")
async def shipped(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(Settings(repository=REPOSITORY)) as app, client_of(app) as client:
        yield client


@pytest.mark.parametrize(("path", "body"), EXAMPLES)
async def test_every_example_is_answered(shipped: httpx.AsyncClient, path: str, body: Any) -> None:
    response = await shipped.post(path, json=body)

    assert response.status_code == 200, response.text


async def test_the_drawn_seven_is_a_seven(shipped: httpx.AsyncClient) -> None:
    response = await shipped.post("/classify", json=CLASSIFY["nested"]["value"])

    assert response.json()["predictions"][0]["digit"] == 7


async def test_a_famous_line_is_continued(shipped: httpx.AsyncClient) -> None:
    response = await shipped.post("/next-word", json={"contexts": "to be or not to", "top_k": 1})

    assert response.json()["predictions"][0]["candidates"][0]["word"] == "be"


async def test_a_keyboard_gets_words_that_go_on_and_names_with_capitals(
    shipped: httpx.AsyncClient,
) -> None:
    contexts = ["We met in Lon", "I\u2019m g", "where are you going", ""]
    body = {"contexts": contexts, "unfinished": True, "capitalize": True, "top_k": 3}
    response = await shipped.post("/next-word", json=body)

    answers = [
        [candidate["word"] for candidate in prediction["candidates"]]
        for prediction in response.json()["predictions"]
    ]
    assert answers[0][0] == "London"
    assert answers[1][0] == "going"
    assert answers[2][0] == "going"
    assert all(word[0].isupper() for word in answers[3])


async def test_a_hundred_suggestions_begin_with_the_ten(shipped: httpx.AsyncClient) -> None:
    few, many = [
        (await shipped.post("/next-word", json={"contexts": "he looked at", "top_k": k})).json()
        for k in (10, 100)
    ]

    first = many["predictions"][0]["candidates"]
    assert len(first) == 100
    for one, other in zip(few["predictions"][0]["candidates"], first, strict=False):
        assert one["word"] == other["word"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


async def test_what_makes_sense_is_likelier(shipped: httpx.AsyncClient) -> None:
    texts = ["She looked out of the window.", "She looked out of the elephant."]
    response = await shipped.post("/next-word/score", json={"texts": texts})

    sense, nonsense = response.json()["scores"]
    assert sense["log_probability"] > nonsense["log_probability"] + 5
    assert sense["unknown_words"] == 0


async def test_a_brother_less_he_and_more_she_is_a_sister(shipped: httpx.AsyncClient) -> None:
    body = {"positive": ["brother", "she"], "negative": ["he"], "top_k": 1}
    response = await shipped.post("/next-word/neighbours", json=body)

    assert response.json()["neighbours"][0]["neighbours"][0]["word"] == "sister"


async def test_a_story_is_the_same_alone_and_in_company(shipped: httpx.AsyncClient) -> None:
    prompts = ["Once upon a time", "She looked out of the", "", '"Where are you going?" he']
    body: dict[str, Any] = {"seed": 5, "top_p": 0.9, "max_words": 15}
    path = "/next-word/complete"
    together = await shipped.post(path, json={"prompts": prompts, **body})
    alone = await asyncio.gather(
        *(shipped.post(path, json={"prompts": prompt, **body}) for prompt in prompts)
    )

    texts = [each["text"] for each in together.json()["completions"]]
    assert texts == [each.json()["completions"][0]["text"] for each in alone]


async def test_a_sine_is_answered_by_its_cosine_wherever_it_is_cut(
    shipped: httpx.AsyncClient,
) -> None:
    angle = 2 * np.pi * np.arange(600) / 40
    whole = await shipped.post("/transduce", json={"signals": (7 * np.sin(angle)).tolist()})
    (outputs,) = whole.json()["outputs"]
    assert outputs[100:] == pytest.approx((7 * np.cos(angle))[100:], abs=0.5)

    pieces, states = [], None
    for piece in np.split(7 * np.sin(angle), [1, 30, 31, 77, 540]):
        body = {"signals": piece.tolist(), "states": states}
        answer = (await shipped.post("/transduce", json=body)).json()
        pieces += answer["outputs"][0]
        states = answer["states"]
    assert pieces == pytest.approx(outputs, abs=1e-5)


async def test_a_season_of_twelve_is_found_and_continued(shipped: httpx.AsyncClient) -> None:
    season = [10.0, 12, 15, 21, 28, 33, 35, 33, 27, 20, 14, 11]
    response = await shipped.post("/forecast", json={"series": season * 6, "horizon": 24})

    (forecast,) = response.json()["forecasts"]
    assert forecast["season_length"] == 12
    assert forecast["mean"] == pytest.approx(season * 2, abs=2.0)


async def test_mixed_lengths_in_one_batch_equal_each_alone(shipped: httpx.AsyncClient) -> None:
    random = np.random.default_rng(7)
    lengths = (2, 9, 30, 63, 64, 65, 150, 400, 700)
    walks = [(100 + random.normal(size=length).cumsum()).tolist() for length in lengths]
    walks[3][5] = walks[6][70] = None
    together = (await shipped.post("/forecast", json={"series": walks})).json()["forecasts"]
    alone = [await shipped.post("/forecast", json={"series": walk}) for walk in walks]
    at_once = await asyncio.gather(*(shipped.post("/forecast", json={"series": w}) for w in walks))

    for walk, batched, *answers in zip(walks, together, alone, at_once, strict=True):
        scale = max(abs(value) for value in walk if value is not None)
        for answer in answers:
            (single,) = answer.json()["forecasts"]
            assert single["season_length"] == batched["season_length"]
            for name in ("0.1", "0.5", "0.9"):
                assert single["quantiles"][name] == pytest.approx(
                    batched["quantiles"][name], abs=1e-5 * scale
                )
