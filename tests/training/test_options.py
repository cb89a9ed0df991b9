from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import typer
from typer.testing import CliRunner

from training.errors import DataError
from training.options import command, configure, option


@dataclass(frozen=True, kw_only=True)
class Settings:
    folder: Path | None = option(None, "A folder.")
    cell: Literal["rnn", "gru"] = option("gru", "A cell.")
    rate: float = option(0.5, "A rate.", minimum=0.1, maximum=0.9)
    steps: int = option(100, "Steps.", smoke=3, tuned=20, minimum=1)
    name: str = option("model", "A name.", tuned="")
    from_: str | None = option(None, "An export.")
    smoke: bool = option(False, "Small.")


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_defaults_hold_when_nothing_is_given() -> None:
    assert configure(Settings, {"steps": None}) == Settings()


def test_flags_override_the_file_and_the_file_overrides_defaults(tmp_path: Path) -> None:
    path = toml(tmp_path, 'rate = 0.25\nsteps = 7\ncell = "rnn"\nfolder = "here"')
    settings = configure(Settings, {"steps": 9}, path)
    assert settings == Settings(rate=0.25, steps=9, cell="rnn", folder=Path("here"))


def test_smoke_shrinks_what_nobody_set() -> None:
    assert configure(Settings, {"smoke": True}).steps == 3
    assert configure(Settings, {"smoke": True, "steps": 8}).steps == 8


def test_starting_from_an_export_has_defaults_of_its_own(tmp_path: Path) -> None:
    assert configure(Settings, {"from_": "parent"}).steps == 20
    assert configure(Settings, {}, toml(tmp_path, 'from = "parent"')).steps == 20
    assert configure(Settings, {"from_": "parent", "steps": 8}).steps == 8
    assert configure(Settings, {"from_": "parent", "smoke": True}).steps == 3


def test_an_option_named_as_a_word_of_python_is_a_plain_flag() -> None:
    app = typer.Typer()
    app.command()(
        command(Settings, lambda settings: typer.echo(f"{settings.from_} {settings.steps}"))
    )

    assert CliRunner().invoke(app, ["--from", "parent/3"]).output == "parent/3 20\n"
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "100; with --from 20" in shown
    assert "model; with --from that of the data" in shown


def test_whole_numbers_are_rates_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--rate must be at most 0.9, got 1.0"):
        configure(Settings, {}, toml(tmp_path, "rate = 1"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepz = 3", r"unknown options \['stepz'\]; known are"),
        ("steps = ", "is not a TOML file"),
        ('steps = "many"', "steps must be of type int, got 'many'"),
        ("smoke = 1", "smoke must be of type bool"),
        ("steps = true", "steps must be of type int, got True"),
        ('cell = "lstm"', "cell must be one of rnn, gru, got 'lstm'"),
        ("steps = 0", "--steps must be at least 1, got 0"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        configure(Settings, {}, toml(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read .*none.toml: No such file"):
        configure(Settings, {}, tmp_path / "none.toml")


def run(*arguments: str) -> tuple[int, str, list[Settings]]:
    seen: list[Settings] = []
    app = typer.Typer()
    app.command()(command(Settings, seen.append))
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, result.output, seen


def test_the_command_has_a_flag_for_each_field(tmp_path: Path) -> None:
    path = toml(tmp_path, "rate = 0.25")
    code, output, seen = run("--config", str(path), "--steps", "4", "--cell", "rnn", "--smoke")
    assert (code, output) == (0, "")
    assert seen == [Settings(rate=0.25, steps=4, cell="rnn", smoke=True)]


def test_help_shows_each_option_with_its_default() -> None:
    _, output, _ = run("--help")
    for words in (
        "--folder",
        "--cell",
        "[default: (gru)]",
        "A rate.",
        "[default: (0.5)]",
        "--config",
    ):
        assert words in output


def test_an_unknown_choice_is_a_usage_error() -> None:
    code, output, seen = run("--cell", "lstm")
    assert (code, seen) == (2, [])
    assert "lstm" in output
