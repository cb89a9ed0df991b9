"""``seqserve train``: what a user reads when something is wrong; nothing is left behind."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import training.cli
from training.errors import DataError, ExportError, Interrupted, TrainingError

FAMILIES = ("forecast", "digits", "next-word", "transducer")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    training.cli.register(app)
    return CliRunner().invoke(app, ["train", *arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize("family", FAMILIES)
def test_help_shows_examples_and_the_common_options(family: str) -> None:
    output = run(family, "--help").output
    example = f"seqserve train {family} --smoke"
    for words in ("Examples:", example, "--resume", "--seed", "--config"):
        assert words in output


@pytest.mark.parametrize("family", FAMILIES)
def test_data_that_is_not_there_gets_a_sentence_and_exit_code_2(
    family: str, tmp_path: Path
) -> None:
    place = ("--repository", str(tmp_path / "exports"), "--runs", str(tmp_path / "runs"))
    result = run(family, "--data", str(tmp_path / "nowhere"), *place)
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_option_out_of_bounds_is_refused(family: str) -> None:
    result = run(family, "--steps", "0")
    assert result.exit_code == 2
    assert "--steps must be at least 1, got 0" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("column [y] is empty"), 2),
        (Interrupted("stopped at step 3"), 130),
        (ExportError("the graph answers otherwise"), 1),
    ],
    ids=["data", "interrupted", "export"],
)
def test_a_training_error_is_its_sentence_and_its_exit_code(
    error: TrainingError, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(config: object) -> Path:
        raise error

    monkeypatch.setattr("training.digits.train.train", fail)
    result = run("digits")
    assert (result.exit_code, result.stderr) == (code, f"error: {error}\n")


def test_an_environment_without_the_training_packages_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(module: str) -> object:
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

    monkeypatch.setattr("importlib.import_module", missing)
    result = run("forecast")
    assert result.exit_code == 1
    assert "training needs pandas, which is not installed: run `make install`" in result.stderr
