"""The commands of the service, against files and a running service."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

import service.client
from service.cli import register
from service.client import Client, ClientFailure
from service.settings import Settings

app = typer.Typer()
register(app)
runner = CliRunner()


def run(*arguments: str, code: int = 0, **options: Any) -> str:
    result = runner.invoke(app, list(arguments), **options)
    assert result.exit_code == code, result.output
    return result.output


Answers = dict[str, Any]
WINDOWS = [
    {
        "origin": origin,
        "truth": [3.0, None],
        "median": [2.0, 3.0],
        "low": [1.0, 1.0],
        "high": [4.0, 5.0],
        "naive": [2.0, 2.0],
    }
    for origin in (4, 2)
]
CLASSIFIED: Answers = {
    "label": "seven",
    "probability": 0.98,
    "trace": [[0.6, 0.4]] * 3 + [[0.25, 0.75]],
}
BACKTEST: Answers = {
    "accuracy": {"mase": 0.75, "smape": 12.5, "wql": 0.0625, "coverage_80": 0.8125},
    "naive": {"mase": 1.0, "smape": 20.0},
    "skill": 0.25,
    "windows": WINDOWS,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """A service that gives fixed answers, and remembers what it was asked."""
    requests: list[httpx.Request] = []
    quantiles = {"0.1": [1.0, 1.5], "0.9": [3.0, 4.5]}
    answers: Answers = {
        "/forecast": {
            "forecasts": [{"mean": [2.0, 3.0], "quantiles": quantiles, "season_length": 12}] * 2
        },
        "/forecast/backtest": {
            "series": [BACKTEST | {"origins": [4, 2]}] * 2,
            "together": BACKTEST | {"n_windows": 4},
        },
        "/classify": {"predictions": [CLASSIFIED], "model": {"name": "digits"}},
        "/models/digits": {"parameters": {"classes": ["two", "seven"]}},
        "/next-word": {"predictions": [{"candidates": [{"word": "be", "probability": 0.5}]}]},
        "/transduce": {"outputs": [[1.5, 2.5], [0.25]], "states": ["AQa", "AQb"]},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=answers[request.url.path])

    original = Client.__init__

    def patched(self: Client, url: str) -> None:
        original(self, url, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(service.client.Client, "__init__", patched)
    return requests


def test_every_command_shows_an_example_in_its_help() -> None:
    commands = [("serve",), ("settings",), ("models", "list"), ("models", "show"), ("backtest",)]
    predict = ("forecast", "classify", "next-word", "complete", "score", "neighbours", "transduce")
    commands += [("predict", name) for name in predict]
    for command in commands:
        assert "seqserve " + " ".join(command) in run(*command, "--help")


def test_settings_are_listed_with_value_default_and_meaning() -> None:
    output = run("settings", env={"SEQSERVE_PORT": "9123"})

    for name, field in Settings.model_fields.items():
        assert f"SEQSERVE_{name.upper()}" in output
        assert str(field.description) in output
    assert "9123" in output
    assert "8000" in output


def test_a_setting_out_of_bounds_is_named() -> None:
    assert "SEQSERVE_PORT: " in run("settings", env={"SEQSERVE_PORT": "99999"}, code=2)
    assert "--workers: " in run("serve", "--workers", "0", code=2)


def test_models_are_listed_and_shown(tiny_repository: Path) -> None:
    listed = run("models", "list", "--repository", str(tiny_repository))
    shown = run("models", "show", "digits", "--repository", str(tiny_repository))

    assert "forecaster" in listed
    assert "accuracy 0.5 on made up (test)" in listed
    assert json.loads(shown)["name"] == "digits"


def test_models_that_are_not_there_are_told(tiny_repository: Path, tmp_path: Path) -> None:
    options = ("--repository", str(tiny_repository))
    assert "no model 'oracle'" in run("models", "show", "oracle", *options, code=2)
    assert "no version '9'" in run("models", "show", "digits", "--version", "9", *options, code=2)
    nowhere = str(tmp_path / "nowhere")
    assert "no model repository" in run("models", "list", "--repository", nowhere, code=2)


def test_series_of_a_file_are_forecast(asked: list[httpx.Request], tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,north,south\n2024-01,1,4\n2024-02,,5\n")
    output = run("predict", "forecast", "--series", str(path), "--horizon", "2", "--level", "80")

    assert json.loads(asked[0].content) == {
        "series": [[1.0, None], [4.0, 5.0]],
        "horizon": 2,
        "levels": [80.0],
    }
    assert "north: season of 12 steps" in output
    assert "south" in output
    assert "4.5" in output


def test_series_come_from_standard_input_too(asked: list[httpx.Request], tmp_path: Path) -> None:
    run("predict", "forecast", "--series", "-", "--json", input="1 2\n3\n")

    assert json.loads(asked[0].content) == {"series": [[1.0, 2.0, 3.0]]}


def test_pictures_are_classified(asked: list[httpx.Request], tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(b"picture")
    output = run("predict", "classify", str(path), "--model", "digits")

    assert b'filename="seven.png"' in asked[0].content
    assert asked[0].url.params["model"] == "digits"
    assert "seven.png" in output
    assert "0.980" in output


def test_beliefs_are_shown_where_they_change_and_drawn(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    picture, plot = tmp_path / "seven.png", tmp_path / "trace.svg"
    picture.write_bytes(b"picture")
    output = run("predict", "classify", str(picture), "--plot", str(plot))

    assert asked[0].url.params["trace"] == "true"
    assert asked[1].url.path == "/models/digits"
    rows = [line.split()[:3] for line in output.splitlines() if "0." in line]
    assert rows == [["1", "two", "0.600"], ["4", "seven", "0.750"]]
    assert "seven.png: seven" in plot.read_text()
    nowhere = str(tmp_path / "no" / "folder.png")
    assert "cannot write" in run("predict", "classify", str(picture), "--plot", nowhere, code=2)


def test_a_half_typed_word_is_finished_with_capitals(asked: list[httpx.Request]) -> None:
    run("predict", "next-word", "We met in Lon", "--unfinished", "--capitalize")

    body = {"contexts": ["We met in Lon"], "top_k": 5, "unfinished": True, "capitalize": True}
    assert json.loads(asked[-1].content) == body


def test_next_words_are_suggested(asked: list[httpx.Request]) -> None:
    output = run("predict", "next-word", "to be or not to", "--top-k", "3")

    assert json.loads(asked[0].content) == {"contexts": ["to be or not to"], "top_k": 3}
    assert "0.500" in output


def test_an_answer_can_be_had_as_json(asked: list[httpx.Request]) -> None:
    answer = json.loads(run("predict", "next-word", "to be", "--json"))

    assert answer["predictions"][0]["candidates"][0]["word"] == "be"


def test_a_file_that_is_missing_or_holds_no_series_is_told(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.csv")
    assert "cannot read" in run("predict", "forecast", "--series", missing, code=2)
    assert "no file" in run("predict", "classify", missing, code=2)
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "holds no series" in run("predict", "forecast", "--series", str(empty), code=2)


def test_where_nobody_answers_it_says_how_to_start_the_service() -> None:
    output = run("predict", "next-word", "a", "--url", "http://127.0.0.1:9", code=2)

    assert "start the service with `make serve`" in " ".join(output.split())


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            httpx.Response(422, json={"title": "Invalid input", "detail": "series.0: Every"}),
            r"Invalid input \(422\): series.0: Every",
        ),
        (httpx.Response(502, text="<html>"), "answered 502: <html>"),
    ],
)
def test_a_refusal_is_passed_on(response: httpx.Response, message: str) -> None:
    client = Client("http://service", transport=httpx.MockTransport(lambda _: response))

    with pytest.raises(ClientFailure, match=message):
        client.next_word(["a"])


def test_backtest_shows_a_row_a_series_and_one_for_all(
    tmp_path: Path, asked: list[httpx.Request]
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("north,south\n" + "1,2\n" * 6)

    output = run("backtest", str(path), "--horizon", "2", "--windows", "2")

    assert json.loads(asked[0].content) == {
        "series": [[1.0] * 6, [2.0] * 6],
        "horizon": 2,
        "windows": 2,
        "forecasts": False,
    }
    assert [line.split()[0] for line in output.splitlines()[1:]] == ["north", "south", "together"]
    assert "+25.0%" in output
    assert "81%" in output


def test_backtest_writes_a_picture(tmp_path: Path, asked: list[httpx.Request]) -> None:
    path, picture = tmp_path / "sales.csv", tmp_path / "sales.png"
    path.write_text("north,south\n" + "1,2\n" * 6)

    run("backtest", str(path), "--plot", str(picture))

    assert json.loads(asked[0].content)["forecasts"] is True
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_backtest_says_why_a_picture_cannot_be_written(
    tmp_path: Path, asked: list[httpx.Request]
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("north,south\n" + "1,2\n" * 6)

    output = run("backtest", str(path), "--plot", str(tmp_path / "sales.doc"), code=2)

    assert "cannot write" in output


def test_signals_need_no_states(asked: list[httpx.Request], tmp_path: Path) -> None:
    (tmp_path / "pump.csv").write_text("valve,flow\n1,7\n")
    run("predict", "transduce", "--signals", str(tmp_path / "pump.csv"))

    assert json.loads(asked[0].content)["states"] == [None, None]
    assert [path.name for path in tmp_path.iterdir()] == ["pump.csv"]


def test_signals_are_mapped_and_their_states_kept(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    signals, states = tmp_path / "pump.csv", tmp_path / "states.json"
    signals.write_text("valve,flow\n1,7\n2,\n")
    command = ("predict", "transduce", "--signals", str(signals), "--states", str(states))

    assert run(*command) == "valve,flow\n1.5,0.25\n2.5,\n"
    run(*command)

    assert json.loads(run(*command, "--json"))["states"] == ["AQa", "AQb"]

    bodies = [json.loads(request.content) for request in asked]
    assert bodies[0] == {"signals": [[1, 2], [7]], "states": [None, None]}
    assert bodies[1]["states"] == ["AQa", "AQb"]


@pytest.mark.parametrize(
    ("content", "states", "message"),
    [
        ("1 2", "{", "cannot read"),
        ("1 2", "[]", "holds no states"),
        ("valve,flow\n1,7\n,8\n3,9\n", "{}", "valve: sample 1 is missing"),
    ],
    ids=["no json", "no object", "gap"],
)
@pytest.mark.usefixtures("asked")
def test_signals_that_make_no_sense_are_refused(
    content: str, states: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "signals.csv").write_text(content)
    (tmp_path / "states.json").write_text(states)
    places = ("--signals", str(tmp_path / "signals.csv"), "--states", str(tmp_path / "states.json"))

    assert message in run("predict", "transduce", *places, code=2)
