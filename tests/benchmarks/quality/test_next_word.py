import httpx
import pytest

from benchmarks.quality.next_word import Question, ask, compare, hit_rates, questions_of, spelled
from models.tokenizer import DEFAULT_SPEC, Tokenizer

TEXT = "It\u2019s 10:30. \"Well--don't go,\"\n\nsaid the girl's dog... now!"


def test_spelled_words_are_cut_into_the_same_words_again() -> None:
    tokenizer = Tokenizer.from_spec(DEFAULT_SPEC)
    words = tokenizer.words(TEXT)

    assert tokenizer.words(spelled(words)) == words


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
