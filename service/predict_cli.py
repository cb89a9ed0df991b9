"""``seqserve predict ...``: ask a running service from the command line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from service.client import Client
    from service.series_file import Value

app = typer.Typer(help="Ask a running service.", no_args_is_help=True)

Url = Annotated[
    str, typer.Option(envvar="SEQSERVE_URL", help="Where the service runs.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as it came, as JSON.")]
ModelName = Annotated[str | None, typer.Option("--model", help="Model to ask.")]
DEFAULT_URL = "http://127.0.0.1:8000"


@app.command("forecast")
def forecast(  # noqa: PLR0913, PLR0917 - an argument is a flag
    series: Annotated[
        Path,
        typer.Option(help="CSV (a column a series), JSON lines or plain numbers; - reads them."),
    ],
    horizon: Annotated[int | None, typer.Option(help="Steps to forecast.")] = None,
    season_length: Annotated[int | None, typer.Option(help="Steps in a season.")] = None,
    level: Annotated[
        list[float] | None, typer.Option(help="Interval in percent; may be repeated.")
    ] = None,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Continue series from a file.

    For example:

      seqserve predict forecast --series sales.csv --horizon 12

      seqserve predict forecast --series load.jsonl --season-length 24 --level 80 --level 95

      echo 1 2 3 4 5 6 | seqserve predict forecast --series - --json
    """
    named = read_series_file(series)
    options = {
        "horizon": horizon,
        "season_length": season_length,
        "levels": level or None,
        "model": model,
    }
    answer = ask(url, lambda client: client.forecast(list(named.values()), **options))
    if not as_json:
        from service.predict_tables import forecast_table  # noqa: PLC0415

        for name, found in zip(named, answer["forecasts"], strict=True):
            print_table(forecast_table(name, found))
    else:
        typer.echo(json.dumps(answer))


@app.command("next-word")
def next_word(  # noqa: PLR0913, PLR0917 - an argument is a flag
    contexts: Annotated[list[str], typer.Argument(help="Texts to continue by a word.")],
    top_k: Annotated[int, typer.Option(help="Candidates for each text.")] = 5,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="The last word may be half typed.")
    ] = False,
    capitalize: Annotated[
        bool, typer.Option("--capitalize", help="Capitals in names and at a sentence's start.")
    ] = False,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Suggest the next word of each text.

    For example:

      seqserve predict next-word "to be or not to"

      seqserve predict next-word "once upon a" "she looked out of the" --top-k 3

      seqserve predict next-word "We met in Lon" --unfinished --capitalize
    """
    options: dict[str, Any] = {"top_k": top_k, "model": model}
    options |= {"unfinished": unfinished or None, "capitalize": capitalize or None}
    answer = ask(url, lambda client: client.next_word(contexts, **options))
    if not as_json:
        from service.predict_tables import next_word_table  # noqa: PLC0415

        for context, found in zip(contexts, answer["predictions"], strict=True):
            print_table(next_word_table(context, found["candidates"]))
    else:
        typer.echo(json.dumps(answer))


def ask(url: str, question: "Callable[[Client], dict[str, Any]]") -> dict[str, Any]:
    """The answer of a running service, or one sentence and the exit code of a wrong call."""
    from service.client import Client, ClientFailure  # noqa: PLC0415

    try:
        return question(Client(url))
    except ClientFailure as error:
        fail(str(error))


def read_series_file(path: Path) -> "dict[str, list[Value]]":
    """The series of a file or of standard input, or one sentence and the exit code."""
    from service.series_file import SeriesFileError, read_series  # noqa: PLC0415

    try:
        if str(path) == "-":
            return read_series(sys.stdin, "standard input")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return read_series(stream, path.name)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read {path}: {error}")
    except SeriesFileError as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """End with one sentence and the exit code of a wrong call."""
    typer.secho(f"error: {sentence}", err=True, fg=typer.colors.RED)
    raise typer.Exit(2)


def print_table(table: Any) -> None:
    """Print something of rich."""
    from rich.console import Console  # noqa: PLC0415

    Console().print(table)
