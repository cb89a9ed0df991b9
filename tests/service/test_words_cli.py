"""``seqserve predict complete | score | neighbours``, against fixed answers."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

import service.client
from service.cli import register
from service.client import Client

app = typer.Typer()
register(app)

Requests = list[httpx.Request]
EVENTS = """event: word
data: {"prompt":0,"text":" window","word":"window","probability":0.5}

event: word
data: {"prompt":0,"text":".","word":".","probability":0.5}

"""
DONE = 'event: done\ndata: {"completions": []}\n\n'
ERROR = 'event: error\ndata: {"title": "Deadline exceeded", "status": 504, "detail": "late"}\n\n'
SCORE = {
    "log_probability": -4.1,
    "perplexity": 7.77,
    "words": [
        {"word": "she", "log_probability": -0.6931472, "known": True},
        {"word": "zzz", "log_probability": -3.4, "known": False},
    ],
}
NEIGHBOURS = [{"word": "king - man", "neighbours": [{"word": "queen", "similarity": 0.591}]}]
Answer = Callable[..., Requests]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """A service that gives one answer, and remembers what it was asked."""

    def answer_with(status: int = 200, **content: Any) -> Requests:
        asked: Requests = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(status, **content)

        original = Client.__init__

        def patched(self: Client, url: str) -> None:
            original(self, url, transport=httpx.MockTransport(answer))

        monkeypatch.setattr(service.client.Client, "__init__", patched)
        return asked

    return answer_with


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["predict", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_text_is_continued_as_it_comes(answering: Answer) -> None:
    asked = answering(text=EVENTS + DONE)
    output = run("complete", "She looked out of the", "--stop", "!", "--seed", "7")

    assert output == "She looked out of the window.\n"
    assert asked[0].url.path == "/next-word/complete"
    assert json.loads(asked[0].content) == {
        "prompts": ["She looked out of the"],
        "max_words": 60,
        "temperature": 0.8,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["!"],
        "stream": True,
    }


def test_the_whole_answer_comes_as_json(answering: Answer) -> None:
    asked = answering(json={"completions": [{"text": " window"}]})
    output = run("complete", "She", "--json")

    assert json.loads(output) == {"completions": [{"text": " window"}]}
    assert "stream" not in json.loads(asked[0].content)


def test_what_fails_on_the_way_ends_the_command_behind_what_came(answering: Answer) -> None:
    answering(text=EVENTS + ERROR)
    output = run("complete", "She looked out of the", code=2)

    assert "She looked out of the window.\n" in output
    assert "error: Deadline exceeded (504): late" in output


def test_what_is_refused_is_told(answering: Answer) -> None:
    answering(422, json={"title": "Invalid input", "detail": "stop.0: Should be one word"})

    assert "Invalid input (422): stop.0" in run("complete", "She", "--stop", "a b", code=2)


def test_texts_are_scored_word_by_word(answering: Answer) -> None:
    asked = answering(json={"scores": [SCORE]})
    output = run("score", "She zzz")

    assert json.loads(asked[0].content) == {"texts": ["She zzz"]}
    assert "She zzz: perplexity 7.8, log -4.1" in output
    assert "0.500" in output
    assert "zzz (unknown)" in output


def test_words_have_neighbours(answering: Answer) -> None:
    asked = answering(json={"neighbours": NEIGHBOURS})
    output = run("neighbours", "king", "walked", "--top-k", "5")

    assert json.loads(asked[0].content) == {"words": ["king", "walked"], "top_k": 5}
    assert "queen" in output
    assert "0.591" in output


def test_words_are_added_up_where_one_is_taken_away(answering: Answer) -> None:
    asked = answering(json={"neighbours": NEIGHBOURS})
    run("neighbours", "king", "woman", "--minus", "man")

    question = {"positive": ["king", "woman"], "negative": ["man"], "top_k": 10}
    assert json.loads(asked[0].content) == question


@pytest.mark.parametrize("command", ["score", "neighbours"])
def test_answers_come_as_json(answering: Answer, command: str) -> None:
    answering(json={"found": 1})

    assert json.loads(run(command, "king", "--json")) == {"found": 1}
