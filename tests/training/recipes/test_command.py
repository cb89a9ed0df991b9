"""``seqserve train recipe``: what a user types and reads."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import training.cli
from models.export_folder import read_manifest
from training.errors import DataError, Interrupted
from training.recipes.many import run_all
from training.recipes.recipe import Recipe, load_recipe, recipe_names
from training.recipes.request import RecipeRequest
from training.recipes.results import Results
from training.recipes.table import row_of


def run(*arguments: str) -> Result:
    app = typer.Typer()
    training.cli.register(app)
    return CliRunner().invoke(app, ["train", "recipe", *arguments], env={"COLUMNS": "200"})


def test_help_shows_examples() -> None:
    output = run("--help").output
    for words in ("Examples:", "seqserve train recipe all --jobs 2", "--resume", "--repository"):
        assert words in output


def test_list_shows_every_recipe_with_a_sentence() -> None:
    output = run("list").output
    assert recipe_names()
    for name in recipe_names():
        assert name in output


def test_a_recipe_ends_in_a_checked_export_a_report_and_a_table(tmp_path: Path) -> None:
    result = run("digits-rows-rnn", "--smoke", "--folder", str(tmp_path))

    assert result.exit_code == 0, result.stderr
    assert "digits-rows-rnn" in result.stdout
    export = tmp_path / "repository/digits-rows-rnn/1"
    manifest = read_manifest(export)
    assert manifest.task == "classify"
    assert manifest.training["command"] == "seqserve train recipe digits-rows-rnn --only notes"
    assert "What the notes report" in (export / "report.html").read_text()
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert row["notes"]["figures"]["test_accuracy"] == row["notes"]["value"]
    assert "`digits-rows-rnn`" in (tmp_path / "results.md").read_text()


def test_resume_skips_what_is_finished_and_the_table_can_be_had_again(tmp_path: Path) -> None:
    words = ("digits-flat-lstm", "--smoke", "--folder", str(tmp_path))
    page = tmp_path / "notes.md"
    page.write_text("<!-- recipes: table -->\n<!-- recipes: end -->\n")
    run(*words)
    again = run(*words, "--resume")
    table = run("table", "--folder", str(tmp_path), "--into", str(page))

    assert "finished before" in again.stderr
    assert [path.name for path in (tmp_path / "repository/digits-flat-lstm").iterdir()] == ["1"]
    assert table.exit_code == 0
    assert "| `digits-flat-lstm` |" in page.read_text()


def test_the_plots_of_a_whole_run_are_files_of_their_own(tmp_path: Path) -> None:
    result = run("sine-to-cosine-rnn", "--only", "notes", "--folder", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "sine-to-cosine-rnn-data.png",
        "sine-to-cosine-rnn-error-of-each-window.png",
        "sine-to-cosine-rnn-truth-against-prediction.png",
    ]


def test_the_repository_may_be_elsewhere(tmp_path: Path) -> None:
    place = ("--folder", str(tmp_path / "a"), "--repository", str(tmp_path / "b"))
    assert run("digits-flat-lstm", "--smoke", *place).exit_code == 0
    assert (tmp_path / "b/digits-flat-lstm/1/model.pt").is_file()


def test_a_table_without_results_says_what_to_run(tmp_path: Path) -> None:
    result = run("table", "--folder", str(tmp_path))
    assert (result.exit_code, "seqserve train recipe all" in result.stderr) == (2, True)


def test_an_unknown_recipe_gets_a_sentence_and_exit_code_2() -> None:
    result = run("soup")
    assert result.exit_code == 2
    assert "there is no recipe 'soup'" in result.stderr


def two_recipes(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """``all`` is two recipes, the first of which fails."""
    started: list[str] = []

    def run_one(recipe: Recipe, request: RecipeRequest) -> None:
        started.append(recipe.name)
        if len(started) == 1:
            raise error

    names = ["digits-flat-lstm", "digits-rows-rnn"]
    monkeypatch.setattr("training.recipes.command.recipe_names", lambda: names)
    monkeypatch.setattr("training.recipes.many.run_recipe", run_one)
    return started


def test_a_recipe_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = two_recipes(monkeypatch, DataError("there is no MNIST"))
    result = run("all", "--folder", str(tmp_path))
    assert started == ["digits-flat-lstm", "digits-rows-rnn"]
    assert result.exit_code == 2
    assert "1 of the recipes failed: digits-flat-lstm: there is no MNIST" in result.stderr


def test_an_interruption_stops_them_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = two_recipes(monkeypatch, Interrupted("stopped at step 3"))
    result = run("all", "--folder", str(tmp_path))
    assert started == ["digits-flat-lstm"]
    assert result.exit_code == 130


def test_recipes_run_in_processes_of_their_own_and_leave_their_last_words(tmp_path: Path) -> None:
    request = RecipeRequest(folder=tmp_path, smoke=True, jobs=2, only="notes")
    assert run_all(["sine-to-cosine-rnn", "soup"], request) == {
        "soup": "there is no recipe 'soup': `seqserve train recipe list` shows those there are"
    }
    row = row_of(load_recipe("sine-to-cosine-rnn"), Results(request.results))
    assert row.notes is not None
    assert row.tuned is None
    assert "step 6/6" in (tmp_path / "logs/sine-to-cosine-rnn.log").read_text()
