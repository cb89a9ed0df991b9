import json
import math

import httpx
import pytest

from benchmarks.quality.next_word import Question, ask, compare, hit_rates, questions_of, spelled
from benchmarks.quality.next_word_keystrokes import saved, typed
from benchmarks.quality.next_word_perplexity import perplexity
from models.tokenizer import DEFAULT_SPEC, Tokenizer

ODD = [".", ".", ".", "...", "end", "...", "."]
TEXT = "It\u2019s 10:30. \"Well--don't go,\"\n\nsaid the girl's dog... now!"


def test_spelled_words_are_cut_into_the_same_words_again() -> None:
    tokenizer = Tokenizer.from_spec(DEFAULT_SPEC)
    words = tokenizer.words(TEXT)

    assert tokenizer.words(spelled(words)) == words
    assert tokenizer.words(spelled(ODD)) == ODD


def test_questions_are_asked_only_where_a_word_follows() -> None:
    questions = questions_of(["the", "cat", ",", "sat", "."], 10, n_context=2)

    assert questions == [
        Question("", "the"),
        Question("the", "cat"),
        Question("cat ,", "sat"),
    ]


def test_ranks_come_from_the_candidates_of_each_question() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/next-word"
        words = [["sat", "cat"], ["on", "off"]]
        predictions = [{"candidates": [{"word": word} for word in some]} for some in words]
        return httpx.Response(200, json={"predictions": predictions})

    client = httpx.Client(base_url="http://service", transport=httpx.MockTransport(answer))
    questions = [Question("the", "cat"), Question("the cat", "sat")]

    assert list(ask(client, questions, "next-word")) == [1, None]


def test_rates_stand_next_to_the_manifest() -> None:
    rates = hit_rates([0, 2, None, 4])
    rows = compare(rates, [{"name": "word_top_1", "value": 0.2, "baselines": {"other": 0.1}}])

    assert rates == pytest.approx({"word_top_1": 0.25, "word_top_3": 0.5, "word_top_5": 0.75})
    assert rows[0] == {"metric": "word_top_1", "measured": 0.25, "manifest": 0.2, "other": 0.1}
    assert rows[1] == {"metric": "word_top_3", "measured": 0.5, "manifest": None}


class Keyboard:
    """Suggests the first three of its words that begin with the letters behind the last space."""

    words = ("tea", "the", "then", "there", "so")

    def __init__(self) -> None:
        self.client = httpx.Client(
            base_url="http://service", transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        assert (request.url.path, body["unfinished"], body["top_k"]) == ("/next-word", True, 3)
        letters = [context.rpartition(" ")[2] for context in body["contexts"]]
        shown = [[word for word in self.words if word.startswith(some)][:3] for some in letters]
        predictions = [{"candidates": [{"word": word} for word in some]} for some in shown]
        return httpx.Response(200, json={"predictions": predictions})


def test_letters_are_typed_until_the_service_suggests_the_word() -> None:
    words = ("tea", "there", "so", "unheard")
    questions = [Question("we like", word) for word in words]

    assert typed(Keyboard().client, questions, "next-word").tolist() == [0, 2, 1, -1]
    expected = 1 - (1 + 3 + 2 + 8) / (4 + 6 + 3 + 8)
    assert saved(Keyboard().client, questions, "next-word") == pytest.approx(expected)


def test_every_word_counts_once_with_the_words_before_it() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/next-word/score"
        (text,) = json.loads(request.content)["texts"]
        sent.append(text.split())
        scored = [{"log_probability": -float(word[1:]) / 1000} for word in sent[-1]]
        return httpx.Response(200, json={"scores": [{"words": scored}]})

    client = httpx.Client(base_url="http://service", transport=httpx.MockTransport(answer))
    words = [f"w{number}" for number in range(2100)]

    found = perplexity(client, words, "next-word")

    assert found == pytest.approx(math.exp(sum(range(2100)) / 1000 / 2100))
    assert [len(piece) for piece in sent] == [1000, 1040, 140]
    part = perplexity(client, words, "next-word", every=2)
    assert part == pytest.approx(math.exp((sum(range(1000)) + sum(range(2000, 2100))) / 1.1e6))


def test_a_service_that_cuts_otherwise_is_noticed() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"scores": [{"words": []}]}))
    client = httpx.Client(base_url="http://service", transport=transport)

    with pytest.raises(ValueError, match="other words"):
        perplexity(client, ["aa"], "next-word")
