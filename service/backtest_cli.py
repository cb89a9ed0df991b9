"""``seqserve backtest``: how well would a running service have forecast your own series?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.predict_cli import (
    DEFAULT_URL,
    AsJson,
    ModelName,
    Url,
    ask,
    fail,
    print_table,
    read_series_file,
)


def backtest(  # noqa: PLR0913, PLR0917 - an argument is a flag
    series: Annotated[
        Path,
        typer.Argument(help="CSV (a column a series), JSON lines or plain numbers; - reads them."),
    ],
    horizon: Annotated[int | None, typer.Option(help="Steps to forecast each time.")] = None,
    season_length: Annotated[int | None, typer.Option(help="Steps in a season.")] = None,
    windows: Annotated[int, typer.Option(help="Origins to forecast from.")] = 3,
    step: Annotated[
        int | None, typer.Option(help="Steps between origins.  [default: the horizon]")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Picture to write: PNG, SVG or PDF by its ending.")
    ] = None,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Forecast the ends of series from what came before, and compare with what came.

    Skill is 1 - MASE / MASE of the seasonal naive: above 0 the model is better.

    For example:

      seqserve backtest sales.csv --horizon 12 --windows 4

      seqserve backtest load.jsonl --season-length 24 --horizon 24 --step 6 --plot load.png
    """
    named = read_series_file(series)
    options = {
        "horizon": horizon,
        "season_length": season_length,
        "windows": windows,
        "step": step,
        "forecasts": plot is not None,
        "model": model,
    }
    answer = ask(url, lambda client: client.backtest(list(named.values()), **options))
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        from service.predict_tables import backtest_table  # noqa: PLC0415

        print_table(backtest_table(list(named), answer))
    if plot is not None:
        _draw(plot, named, answer)


def _draw(path: Path, named: dict[str, list[float | None]], answer: dict[str, object]) -> None:
    try:
        from service.backtest_plot import draw  # noqa: PLC0415
    except ImportError:
        fail("--plot needs matplotlib: pip install 'seqserve[train]', or make install")
    try:
        shown = draw(path, named, answer)
    except (OSError, ValueError) as error:
        fail(f"cannot write {path}: {error}")
    left_out = len(named) - shown
    rest = f", the first {shown} of {len(named)} series" if left_out else ""
    typer.echo(f"wrote {path}{rest}", err=True)
